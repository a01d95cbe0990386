-- require "pipe": what it gives, what it leaves alone, and where it refuses.
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

describe("The module", function()
  it("has a version", function()
    assert.equal("string", type(pipe.version))
  end)

  it("has all its parts", function()
    for _, name in ipairs { "spawn", "run", "pipeline", "wait_any", "sleep" } do
      assert.equal("function", type(pipe[name]))
    end
    for part, names in pairs {
      thread = { "spawn", "wait", "kill", "on_error" },
      semaphore = { "new" },
      loop = { "run", "fd", "step", "timeout" },
      coroutine = { "create", "resume", "wrap", "status", "running", "yield" },
      shell = { "run", "quote" },
      signal = { "wait", "on", "reset", "kill", "signum", "signame" },
    } do
      for _, name in ipairs(names) do
        assert.equal("function", type(pipe[part][name]), part .. "." .. name)
      end
    end
  end)

  it("has nothing else", function()
    assert.is_nil(pipe.engine)
    assert.is_nil(pipe[1])
    assert.is_nil(rawget(pipe, "engine"))
  end)

  it("loads what few scripts need when it is named", function()
    assert.equal("nil\nsignal\nsame\n", host.output [[
      local pipe = require "pipe"
      print(package.loaded["pipe.signal"])
      print(pipe.signal == package.loaded["pipe.signal"] and "signal")
      print(pipe.signal == pipe.signal and rawget(pipe, "signal") == pipe.signal and "same")
    ]])
  end)

  it("sets no globals, and changes none", function()
    assert.equal("", host.output [[
      local before = {}
      for name, value in pairs(_G) do
        before[name] = value
      end
      local libraries = { string, table, coroutine, io, os, package, debug, math, bit, jit }
      local functions = {}
      for index, library in ipairs(libraries) do
        functions[index] = {}
        for name, value in pairs(library) do
          functions[index][name] = value
        end
      end
      local pipe = require "pipe"
      assert(pipe.spawn({ "true" })):wait()
      pipe.thread.wait(pipe.thread.spawn(pipe.sleep, 0))
      for name, value in pairs(_G) do
        if before[name] ~= value then print(name) end
      end
      for index, library in ipairs(libraries) do
        for name, value in pairs(library) do
          if functions[index][name] ~= value then print(name) end
        end
      end
    ]])
  end)

  it("declares nothing through the FFI that is not its own", function()
    -- Whoever declares first wins: these would fail if the library had declared libc's names.
    local mine = [[
      typedef struct { char mine; } pid_t, size_type_of_mine;
      struct iovec { char mine; };
      struct pollfd { char mine; };
      struct sigaction { char mine; };
      struct timespec { char mine; };
      struct rlimit { char mine; };
    ]]
    for _, order in ipairs { { "cdef", "pipe" }, { "pipe", "cdef" } } do
      local lines = {
        cdef = "require('ffi').cdef(mine)",
        pipe = "assert(assert(require('pipe').spawn({ 'true' })):wait())",
      }
      assert.equal("", host.output(("local mine = %q %s %s"):format(mine, lines[order[1]], lines[order[2]])))
    end
  end)

  it("can be required in a coroutine", function()
    assert.equal("exit\n", host.output [[
      coroutine.wrap(function()
        local pipe = require "pipe"
        print((select(2, assert(pipe.spawn({ "true" })):wait())))
      end)()
    ]])
  end)
end)

describe("require throws one clear sentence", function()
  -- What pcall(require, "pipe") says after these lines.
  local function refusal(lines)
    local message = host.output(lines .. [[
      local ok, message = pcall(require, "pipe")
      assert(not ok)
      io.write(tostring(message))
    ]])
    assert.is_nil(message:find("\n"), message)
    return message
  end

  it("without FFI", function()
    local message = refusal [[ package.preload.ffi, package.loaded.ffi = nil, nil ]]
    assert.is_truthy(message:find("FFI", 1, true), message)
  end)

  it("on another system than Linux", function()
    local message = refusal [[ jit.os, require("ffi").os = "Windows", "Windows" ]]
    assert.is_truthy(message:find("Linux", 1, true), message)
  end)

  it("on another processor than x86-64 and arm64", function()
    local message = refusal [[ jit.arch, require("ffi").arch = "mips", "mips" ]]
    assert.is_truthy(message:find("x86-64", 1, true), message)
    assert.is_truthy(message:find("arm64", 1, true), message)
  end)

  it("when the core is not where C modules are", function()
    local message = refusal [[ package.cpath = "/no/such/?.so" ]]
    assert.is_truthy(message:find("libpipe_core", 1, true), message)
  end)
end)
