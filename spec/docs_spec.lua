-- The documentation is true: each Lua block runs on its own and prints what the text block behind it shows, and each
-- link leads somewhere. What docs/neovim.md shows runs in Neovim.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local neovim = require "spec.neovim"
local pages = require "spec.pages"
local sshd = require "spec.sshd"

local read, examples = files.read, pages.examples
local server -- a local sshd, for the examples that use ssh

setup(leaks.remember)
teardown(function()
  if server then
    sshd.stop(server)
  end
  leaks.check()
end)

local paths = { "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md" }
for _, name in ipairs(libc.entries("docs")) do
  paths[#paths + 1] = name:find("%.md$") and "docs/" .. name or nil
end
table.sort(paths)

-- What a script's environment is besides the host's: where it uses ssh, the one that leads to a local sshd.
local function environment(script)
  if script:find('"ssh"', 1, true) then
    server = server or sshd.start()
    return { PATH = server.path }
  end
end

local function output_of(path, script)
  if path == "docs/neovim.md" then
    return neovim.output(script .. "quit()")
  end
  return host.output(script, environment(script))
end

-- The names by which a page's headings are linked to: lower case, no punctuation, hyphens for spaces.
local function anchors(path)
  local names = {}
  for heading in ("\n" .. read(path)):gmatch("\n##* ([^\n]+)") do
    names[heading:lower():gsub("[^%w _-]", ""):gsub(" ", "-")] = true
  end
  return names
end

describe("The documentation", function()
  it("has examples on the page of every module", function()
    for _, name in ipairs {
      "pipe", "spawn-options", "run", "shell", "pipeline", "thread", "semaphore", "signal", "loop", "coroutine",
      "cookbook", "adapters", "neovim",
    } do
      assert.is_true(#examples("docs/" .. name .. ".md") > 0, name)
    end
    assert.is_true(#examples("README.md") > 0)
  end)

  it("has a recipe with examples for what people do most", function()
    local recipes = {
      "Run and capture", "Stream lines", "Feed and read", "Many at once with a limit", "A timeout that ends the tree",
      "A pipeline", "An interactive program on a pty", "A daemon", "The same over ssh",
    }
    local headings = {}
    local page = read("docs/cookbook.md"):gsub("\n## ", "\1")
    for heading, text in page:gmatch("\1([^\n]+)([^\1]*)") do
      headings[#headings + 1] = heading
      assert.is_truthy(text:find("```lua", 1, true), heading)
    end
    assert.same(recipes, headings)
  end)

  it("names the spec of each difference from ngx.pipe", function()
    local written, named = {}, {}
    for name in read("spec/differences_spec.lua"):gmatch('%f[%w]it%("(.-)", function') do
      written[name] = true
    end
    local rows = read("docs/ngx-pipe.md"):match("\n## Every difference\n.-\n|%-[^\n]+\n(.-)\n\n")
    for cell in (rows .. "\n"):gmatch("| ([^|\n]+) |\n") do
      for name in (cell .. "; "):gmatch("(.-); ") do
        named[name] = true
      end
    end
    assert.same(written, named)
  end)

  for _, path in ipairs(paths) do
    for _, example in ipairs(examples(path)) do
      it("has a working example at " .. path .. ":" .. example.line, function()
        local output = output_of(path, example.script)
        assert.equal(example.output or output, output)
      end)
    end

    it("links in " .. path .. " to what is there", function()
      local folder = path:match("^.*/") or ""
      for target, anchor in read(path):gmatch("%]%(([^)#%s]*)#?([^)%s]*)%)") do
        if not target:find("^%a+:") then
          local page = target == "" and path or folder .. target
          assert.is_true(anchor == "" or anchors(page)[anchor] or false, page .. "#" .. anchor)
          assert(io.open(page)):close()
        end
      end
    end)
  end
end)
