-- stderr = "stdout" and merge_stderr, whatever stdout is.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

describe('stderr = "stdout"', function()
  local script = "echo one; echo two >&2; echo three; echo four >&2"
  local text = "one\ntwo\nthree\nfour\n"

  local function merged(proc)
    for _, read in ipairs { proc.stderr_read_all, proc.stderr_read_line } do
      assert.same({ nil, "merged to stdout" }, { read(proc) })
    end
    for _, read in ipairs { proc.stderr_read_bytes, proc.stderr_read_any } do
      assert.same({ nil, "merged to stdout" }, { read(proc, 1) })
    end
    assert.same({ nil, "merged to stdout" }, { proc:shutdown("stderr") })
  end

  it("is merge_stderr by another name", function()
    for _, options in ipairs { { stderr = "stdout" }, { stderr = "stdout", merge_stderr = true } } do
      local proc = assert(pipe.spawn(script, options))
      merged(proc)
      assert.equal(text, proc:stdout_read_all())
    end
  end)

  for name, options in pairs { option = { stderr = "stdout" }, flag = { merge_stderr = true } } do
    it("goes where stdout goes, whatever that is, by the " .. name, function()
      local fd = libc.C.open(files.write(path("merged"), ""), libc.O_WRONLY, 0)
      local lua_file = assert(io.open(path("lua"), "w"))
      for _, case in ipairs {
        { { file = path("file") }, path("file") }, { fd, path("merged") }, { lua_file, path("lua") },
      } do
        local proc = assert(pipe.spawn(script, {
          stdout = case[1], stderr = options.stderr, merge_stderr = options.merge_stderr,
        }))
        merged(proc)
        assert.same({ nil, "not a pipe" }, { proc:stdout_read_all() })
        assert.is_true((proc:wait()))
        assert.equal(text, files.read(case[2]))
      end
      libc.C.close(fd)
      lua_file:close()
    end)

    it("goes to /dev/null with stdout, by the " .. name, function()
      local proc = assert(pipe.spawn("[ /proc/self/fd/2 -ef /dev/null ]", {
        stdout = "null", stderr = options.stderr, merge_stderr = options.merge_stderr,
      }))
      merged(proc)
      assert.is_true((proc:wait()))
    end)
  end

  it("goes to the host's stdout with an inherited one", function()
    local result = host.run [[
      local pipe = require "pipe"
      local options = { stdout = "inherit", stderr = "stdout" }
      assert(assert(pipe.spawn("echo out; echo err >&2", options)):wait())
    ]]
    assert.same({ "out\nerr\n", "" }, { result.stdout, result.stderr })
  end)
end)
