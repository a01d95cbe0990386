-- The documentation is true: each Lua block runs on its own and prints what the text block behind it shows, and each
-- link leads somewhere.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local sshd = require "spec.sshd"

local server -- a local sshd, for the examples that use ssh

setup(leaks.remember)
teardown(function()
  if server then
    sshd.stop(server)
  end
  leaks.check()
end)

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local pages = { "README.md", "CHANGELOG.md", "CONTRIBUTING.md" }
for _, name in ipairs(libc.entries("docs")) do
  pages[#pages + 1] = name:find("%.md$") and "docs/" .. name or nil
end
table.sort(pages)

-- The fenced blocks of a page, in their order: language, text, the line where the text begins, and whether only
-- empty lines stand between it and the block before.
local function blocks(path)
  local list, number, open, adjoining = {}, 0, nil, false
  for line in read(path):gmatch("(.-)\n") do
    number = number + 1
    local language = line:match("^```(%w*)$")
    if open and language == "" then
      open.text = table.concat(open, "\n") .. "\n"
      list[#list + 1], open, adjoining = open, nil, true
    elseif open then
      open[#open + 1] = line
    elseif language then
      open = { language = language, line = number + 1, adjoining = adjoining }
    elseif line ~= "" then
      adjoining = false
    end
  end
  assert(not open, path .. " ends inside a block")
  return list
end

-- The Lua blocks of a page, each with the output that the page shows for it, if any.
local function examples(path)
  local list, all = {}, blocks(path)
  for index, block in ipairs(all) do
    if block.language == "lua" then
      local shown = all[index + 1]
      local follows = shown and shown.language == "text" and shown.adjoining
      list[#list + 1] = { line = block.line, script = block.text, output = follows and shown.text or nil }
    end
  end
  return list
end

-- What a script's environment is besides the host's: where it uses ssh, the one that leads to a local sshd.
local function environment(script)
  if script:find('"ssh"', 1, true) then
    server = server or sshd.start()
    return { PATH = server.path }
  end
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
      "pipe", "spawn-options", "run", "shell", "pipeline", "thread", "semaphore", "loop", "coroutine", "cookbook",
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

  for _, path in ipairs(pages) do
    for _, example in ipairs(examples(path)) do
      it("has a working example at " .. path .. ":" .. example.line, function()
        local output = host.output(example.script, environment(example.script))
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
