-- docs/reliability.md is true: each promise names tests that are there, by their titles; and what SECURITY.md promises
-- leads there.
local files = require "spec.files"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local path = "docs/reliability.md"

-- The rows of the page's tables of promises: their line, the promise, and what holds it.
local function rows(page)
  local list, number = {}, 0
  for line in page:match("^(.-\n## Promises\n.-)\n## "):gmatch("([^\n]*)\n?") do
    number = number + 1
    local promise, held = line:match("^| (.-) | (.-) |$")
    if promise and promise ~= "promise" then
      list[#list + 1] = { line = number, promise = promise, held = held }
    end
  end
  return list
end

-- A title as the page has it, of a Lua expression that makes it: … for what is put in.
local function shown(expression)
  local parts, rest = {}, expression .. " .. "
  for part in rest:gmatch("(.-) %.%. ") do
    local text = part:match('^%(?"(.*)"%)?:format') or part:match("^%(?'(.*)'%)?:format")
    text = text and text:gsub("%%%a", "…") or part:match('^"(.*)"$') or part:match("^'(.*)'$")
    parts[#parts + 1] = text or "…"
  end
  return table.concat(parts)
end

-- The titles of all tests in a file, and of groups of them.
local function titles(text)
  local set = {}
  for line in text:gmatch("[^\n]+") do
    for _, form in ipairs {
      "^%s*it%((.-), function%(", "^%s*case%((.-), function%(", "^%s*describe%((.-), function%(",
      '^%s*%[(".-")%] = ', '^%s*cases%[(".-")%] = ', -- one of several, in a table of them
    } do
      local expression = line:match(form)
      if expression then
        set[shown(expression)] = true
      end
    end
    local suite, name = line:match("^TEST[_FP]*%((%w+), (%w+)%)")
    if suite then
      set[suite .. "." .. name] = true
    end
  end
  return set
end

local known = {}
local function has_test(file, title)
  known[file] = known[file] or titles(files.read(file) or error(file .. " is not there", 0))
  return known[file][title] or false
end

-- What is wrong with what holds a promise, or nil. It should be "[name](../path) “title”, “title”; [name](…) “title”".
local function fault(held)
  for part in (held .. "; "):gmatch("(.-); %f[%[%z]") do
    local name, file, list = part:match("^%[([%w_]+)%]%(%.%./([%w_/.]+)%) (“.+”)$")
    if not name or file:match("([^/]+)%.%w+$") ~= name then
      return "names no test: " .. part
    end
    for item in (list .. ", "):gmatch("(.-”), ") do
      local title = item:match("^“(.+)”$")
      if not title or not has_test(file, title) then
        return ("%s has no test %s"):format(file, item)
      end
    end
  end
end

describe("The page about reliability", function()
  it("has promises", function()
    assert.is_true(#rows(files.read(path)) > 50)
  end)

  for _, row in ipairs(rows(files.read(path))) do
    it(("names the tests that hold the promise at %s:%d"):format(path, row.line), function()
      assert.is_nil(fault(row.held))
    end)
  end

  it("holds what SECURITY.md promises", function()
    local page, count = files.read("SECURITY.md"):match("\n## Not trusted\n(.-)\n## Trusted\n"), 0
    -- A row of a table, or an item of a list: up to the next one.
    for promise in page:gsub("\n[|-] %*%*", "\1%0"):gmatch("\1([^\1]*)") do
      assert.is_truthy(promise:find("%]%(docs/reliability%.md#[%w-]+%)"), promise)
      count = count + 1
    end
    assert.is_true(count > 10)
  end)

  it("is told of a title, a file and a row that name nothing", function()
    local file = "[process_spec](../spec/process_spec.lua)"
    for held, expected in pairs {
      [file .. " “tells the exit once”"] = "",
      [file .. " “tells the exit once”, “tells the exit”"] = "spec/process_spec.lua has no test “tells the exit”",
      [file .. " tells the exit once"] = "names no test: " .. file .. " tells the exit once",
      [file] = "names no test: " .. file,
      ["our word"] = "names no test: our word",
      [file .. " “tells the exit once”; [child_spec](../spec/process_spec.lua) “block”"] =
        "names no test: [child_spec](../spec/process_spec.lua) “block”",
    } do
      assert.equal(expected, fault(held) or "")
    end
    assert.has_error(function() fault("[no_spec](../spec/no_spec.lua) “title”") end, "spec/no_spec.lua is not there")
  end)
end)
