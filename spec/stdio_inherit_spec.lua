-- "inherit": a stream of the host's own, of the same number.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local streams = require "spec.streams"

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

describe('"inherit"', function()
  it("is the host's own, whatever it is", function()
    local proc = host.start [[
      local pipe = require "pipe"
      io.stdout:write("buffered ")
      io.stdout:flush()
      local all = { stdin = "inherit", stdout = "inherit", stderr = "inherit" }
      assert(assert(pipe.spawn("read line; echo got $line; echo error >&2", all)):wait())
    ]]
    proc:write("text\n")
    local result = host.finish(proc)
    assert.same({ "buffered got text\n", "error\n", 0 }, { result.stdout, result.stderr, result.status })
  end)

  for _, stream in ipairs(streams) do
    it("for " .. stream.name .. " only leaves the others pipes", function()
      local redirect = stream.name == "stdout" and "echo inherited; echo piped >&2" or "echo piped; echo inherited >&2"
      local result = host.run(([[
        local pipe = require "pipe"
        local proc = assert(pipe.spawn("%s", { %s = "inherit" }))
        assert(proc:%s_read_all() == "piped\n")
        assert(proc:wait())
      ]]):format(redirect, stream.name, stream.other))
      assert.same({ "inherited\n", "", 0 }, { result[stream.name], result[stream.other], result.status })
    end)
  end

  for mask = 0, 7 do
    local closed, expected = {}, {}
    for fd, name in pairs { [0] = "stdin", "stdout", "stderr" } do
      if bit.band(mask, bit.lshift(1, fd)) ~= 0 then
        closed[#closed + 1] = fd
        expected[#expected + 1] = ("%s failed to pass descriptor %d as %s: Bad file descriptor EBADF\n"):format(
          name, fd, name)
      else
        expected[#expected + 1] = name .. " works\n"
      end
    end
    table.sort(closed)
    table.sort(expected)

    it("fails just for those of the host's that are closed: " .. (closed[1] and table.concat(closed, ", ") or "none"),
      function()
        local answer = path("answer")
        local result = host.run(([[
          local libc = require "spec.libc"
          local pipe = require "pipe"
          for _, fd in ipairs { %s } do
            libc.C.close(fd)
          end
          local lines = {}
          for _, name in ipairs { "stdin", "stdout", "stderr" } do
            local proc, message, code = pipe.spawn({ "true" }, { [name] = "inherit" })
            lines[#lines + 1] = name .. " " .. (proc and "works" or message .. " " .. code) .. "\n"
            assert(not proc or proc:wait())
          end
          for _, fd in ipairs { %s } do
            assert(libc.C.fcntl(fd, libc.F_GETFD, 0) < 0, fd .. " is in use")
          end
          table.sort(lines)
          local file = assert(io.open("%s", "w"))
          file:write(table.concat(lines))
          file:close()
        ]]):format(table.concat(closed, ", "), table.concat(closed, ", "), answer))
        assert.equal(0, result.status)
        assert.equal(table.concat(expected), files.read(answer))
      end)
  end
end)
