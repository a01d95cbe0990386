-- stdin, stdout and stderr as Lua files: flushed first, and still the host's afterwards.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local spawning = require "spec.spawning"
local streams = require "spec.streams"

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

-- Runs a child to its end.
local function run(args, options)
  local proc = assert(pipe.spawn(args, options))
  assert.same({ true, "exit", 0 }, { proc:wait() })
end

describe("A Lua file", function()
  for _, stream in ipairs(streams) do
    it("is the child's " .. stream.name .. ", flushed first, and stays the host's", function()
      local file = assert(io.open(path("file"), "w"))
      file:write("before, ")
      assert.is_true((stream.sh("printf 'child, '", { [stream.name] = file }):wait()))
      file:write("after")
      assert.is_true(file:close())
      assert.equal("before, child, after", files.read(path("file")))
    end)
  end

  it("is the child's stdin", function()
    files.write(path("file"), "one\ntwo\n")
    local file = assert(io.open(path("file")))
    assert.equal("one\ntwo\n", spawning.output({ "cat" }, { stdin = file }))
    assert.is_true(file:close())
  end)

  it("goes on for the child where the host has read to", function()
    files.write(path("file"), "one\ntwo\nthree\n")
    local file = assert(io.open(path("file")))
    assert.equal("one", file:read("*l"))
    assert.equal("two\nthree\n", spawning.output({ "cat" }, { stdin = file }))
    file:close()
  end)

  it("may be a temporary one", function()
    local file = assert(io.tmpfile())
    run("echo text; echo error >&2", { stdout = file, stderr = file })
    file:seek("set")
    assert.equal("text\nerror\n", file:read("*a"))
    file:close()
  end)

  it("may be a pipe of io.popen", function()
    local file = assert(io.popen("cat >" .. path("popen"), "w"))
    file:write("host ")
    run({ "echo", "child" }, { stdout = file })
    file:close()
    assert.equal("host child\n", files.read(path("popen")))
  end)

  it("may be io.stdout, and what the host has printed comes first", function()
    assert.equal("host 1\nchild\nhost 2\n", host.output [[
      local pipe = require "pipe"
      io.stdout:setvbuf("full")
      print("host 1")
      local own = { stdin = io.stdin, stdout = io.stdout, stderr = io.stderr }
      assert(assert(pipe.spawn({ "echo", "child" }, own)):wait())
      print("host 2")
    ]])
  end)

  it("is kept from collection by nobody, nor closed", function()
    local file = assert(io.open(path("file"), "w"))
    local proc = assert(pipe.spawn("read line; echo $line", { stdout = file }))
    file:close()
    leaks.collect()
    proc:write("text\n")
    assert.is_true((proc:wait()))
    assert.equal("text\n", files.read(path("file")))
  end)

  it("that cannot be flushed fails the spawn", function()
    spawning.leaves_nothing(function()
      local file = assert(io.open("/dev/full", "w"))
      file:write("text")
      local proc, message, code = pipe.spawn({ "true" }, { stdout = file })
      assert.is_nil(proc)
      assert.equal("string", type(message))
      assert.equal("ENOSPC", code)
      file:close()
    end)
  end)
end)
