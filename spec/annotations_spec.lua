-- Every public function has LuaCATS annotations, and they name the parameters that it has.
local annotations = require "spec.annotations"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

local function split(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

local files = {}

local function lines_of_file(path)
  if not files[path] then
    local file = assert(io.open(path))
    files[path] = split(file:read("*a"))
    file:close()
  end
  return files[path]
end

local function lines_of(f)
  return lines_of_file((debug.getinfo(f, "S").source:gsub("^@", "")))
end

-- The public tables: the module, all tables in it, and the adapters.
local modules = {}
local function walk(name, module)
  modules[name] = module
  for key, value in pairs(module) do
    if type(value) == "table" then
      walk(name .. "." .. key, value)
    end
  end
end
for _, name in ipairs { "coroutine", "pipeline", "signal" } do -- which load when they are named
  assert(pipe[name], name)
end
walk("pipe", pipe)
for _, name in ipairs { "pipe.luv", "pipe.cqueues", "pipe.copas" } do
  walk(name, require(name))
end

-- The methods of each class, and the file that declares it.
local function class(object, path)
  return { methods = getmetatable(object).__index, path = assert(package.searchpath(path, package.path)) }
end

local function classes()
  local process = assert(pipe.spawn({ "true" }))
  local pipeline = assert(pipe.pipeline({ { "true" } }))
  local handler = assert(pipe.signal.on("WINCH", function() end))
  process:close()
  pipeline:close()
  handler:stop()
  return {
    ["pipe.Process"] = class(process, "pipe.process"),
    ["pipe.Pipeline"] = class(pipeline, "pipe.pipeline"),
    ["pipe.SignalHandler"] = class(handler, "pipe.signal"),
    ["pipe.Semaphore"] = class(pipe.semaphore.new(), "pipe.semaphore"),
  }
end

describe("The annotations", function()
  it("name the parameters of every public function", function()
    for _, name in ipairs { "pipe", "pipe.thread", "pipe.semaphore", "pipe.coroutine", "pipe.loop", "pipe.shell",
      "pipe.signal" } do
      assert.is_table(modules[name], name)
    end
    for name, module in pairs(modules) do
      assert.same({}, annotations.problems(name, module, lines_of))
    end
    assert.same({}, annotations.problems("pipe", { pipeline = pipe.pipeline }, lines_of,
      annotations.fields(lines_of_file("lua/pipe.lua"), "pipe")))
  end)

  it("name the methods of every class, and their parameters", function()
    local all = classes()
    for name, found in pairs(all) do
      assert.is_table(found.methods)
      local fields = annotations.fields(lines_of_file(found.path), name)
      assert.is_table(fields, name .. " is not declared in " .. found.path)
      -- A pipeline hands what it is asked on to the processes at its ends.
      local originals = name == "pipe.Pipeline" and all["pipe.Process"].methods or nil
      assert.same({}, annotations.problems(name, found.methods, lines_of, fields, originals))
    end
  end)

  it("name the options that the documentation has", function()
    local function documented(path)
      local names = {}
      local rows = table.concat(lines_of_file(path), "\n"):match("\n|[^\n]*default[^\n]*|\n(|%-.-)\n\n")
      for row in rows:gmatch("[^\n]+") do
        for name in row:match("^|([^|]*)|"):gmatch("`([%w_]+)`") do
          names[name] = true
        end
      end
      return names
    end
    local function annotated(class_name)
      local names, inside = {}, false
      for _, entry in ipairs(libc.entries("lua/pipe")) do
        for _, line in ipairs(lines_of_file("lua/pipe/" .. entry)) do
          inside = line:find("^%-%-%-") and (line:match("^%-%-%-@class ([%w.]+)") or inside)
          local name = inside == class_name and line:match("^%-%-%-@field ([%w_]+)")
          names[name or ""] = true
        end
      end
      names[""] = nil
      return names
    end
    assert.same(annotated("pipe.SpawnOptions"), documented("docs/spawn-options.md"))
    assert.same(annotated("pipe.RunOptions"), documented("docs/run.md"))
  end)
end)

describe("The check of annotations", function()
  -- What it finds in a chunk that returns a table of functions.
  local function problems(text, class_name, originals)
    local lines = split(text)
    local functions = assert(loadstring(text))()
    return annotations.problems("t", functions, function() return lines end,
      class_name and annotations.fields(lines, class_name), originals)
  end

  local function f(comment, definition)
    return ("local t = {}\n%s\n%s\nreturn t"):format(comment, definition)
  end

  it("is content with what is right", function()
    assert.same({}, problems(f("---Does it.\n---@param a any\n---@param ... any\n---@return any b",
      "function t.f(a, ...) return a, ... end")))
    assert.same({}, problems(f("---Does it.", "function t.f() end")))
    assert.same({}, problems(f("---Does it.\n---@param a? any", "function t:f(a) self.a = a end")))
    assert.same({}, problems(f("---@class C\n---@field read_all fun(self: C, max: integer?, ...: any): string?",
      "local name = 'read_all'\nt[name] = function(self, max, ...) return max, self, ... end"), "C"))
  end)

  it("finds a wrong name", function()
    assert.same({ "t.f: annotated (b), is (a)" },
      problems(f("---Does it.\n---@param b any", "function t.f(a) t = a end")))
  end)

  it("finds names in another order", function()
    assert.same({ "t.f: annotated (b, a), is (a, b)" },
      problems(f("---Does it.\n---@param b any\n---@param a any", "function t.f(a, b) t = a + b end")))
  end)

  it("finds a parameter that is missing, and one too many", function()
    assert.same({ "t.f: annotated (), is (a)" }, problems(f("---Does it.", "function t.f(a) t = a end")))
    assert.same({ "t.f: annotated (), is (...)" }, problems(f("---Does it.", "function t.f(...) t = ... end")))
    assert.same({ "t.f: annotated (a), is ()" }, problems(f("---Does it.\n---@param a any", "function t.f() end")))
  end)

  it("finds a parameter without a type", function()
    assert.same({ "t.f: annotated (), is (a)" }, problems(f("---Does it.\n---@param a", "function t.f(a) t = a end")))
  end)

  it("finds a function without a description, or without a comment right above it", function()
    assert.same({ "t.f: no description" }, problems(f("---@param a any", "function t.f(a) t = a end")))
    assert.same({ "t.f: no description" }, problems(f("---Does it.\n", "function t.f() end")))
    assert.same({ "t.f: no description" }, problems(f("-- Does it.", "function t.f() end")))
  end)

  it("finds a result that is not annotated", function()
    assert.same({ "t.f: no @return" }, problems(f("---Does it.", "function t.f() return 1 end")))
    assert.same({ "t.f: no @return" }, problems(f("---Does it.", "function t.f() return print() end")))
  end)

  it("finds a method that is made in a loop and is no field of its class", function()
    assert.same({ "t.read_all: no @field, and its definition does not name it" },
      problems(f("---@class C", "local name = 'read_all'\nt[name] = function() end"), "C"))
  end)

  it("finds a field with a wrong parameter list, and one that says nothing of the result", function()
    local definition = "local name = 'read_all'\nt[name] = function(self, max) return self, max end"
    assert.same({ "t.read_all as @field: annotated (self, len), is (self, max)" },
      problems(f("---@class C\n---@field read_all fun(self: C, len: integer): string", definition), "C"))
    assert.same({ "t.read_all as @field: returns something" },
      problems(f("---@class C\n---@field read_all fun(self: C, max: table<string, integer>)", definition), "C"))
  end)

  it("looks through a method that hands its arguments on", function()
    local definition = "local name = 'read_all'\nt[name] = function(self, ...) return self, ... end"
    local originals = { read_all = function(self, max) return self, max end }
    assert.same({}, problems(f("---@class C\n---@field read_all fun(self: C, max: integer): string", definition), "C",
      originals))
    assert.same({ "t.read_all as @field: annotated (self, len), is (self, max)" },
      problems(f("---@class C\n---@field read_all fun(self: C, len: integer): string", definition), "C", originals))
  end)

  it("finds a field that is no method", function()
    assert.same({ "t.read: a @field that is not there" },
      problems(f("---@class C\n---@field read fun(self: C): string", ""), "C"))
  end)
end)
