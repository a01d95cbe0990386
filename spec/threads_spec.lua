-- Eight Lua states in eight threads of one host, which spawn at the same time: what holds for one child holds for each.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- Runs the lines in eight threads, each with the library in a state of its own; `number` tells them apart. Meanwhile
-- the host opens and closes descriptors that are not closed on exec; two more are above a limit that it has lowered.
local function in_eight_threads(lines)
  assert.equal("done\n", host.output(([[
    local libc = require "spec.libc"
    local uv = require "luv"
    local ended, tell = libc.pipe()
    local above = { 960, 1000 }
    for _, fd in ipairs(above) do
      assert(libc.C.dup2(ended, fd) == fd)
    end
    libc.limit(libc.RLIMIT_NOFILE, 950)
    local threads = {}
    for number = 1, 8 do
      threads[number] = uv.new_thread(function(path, cpath, number, tell)
        package.path, package.cpath = path, cpath
        local libc = require "spec.libc"
        local pipe = require "pipe"
        %s
        assert(libc.C.write(tell, "!", 1) == 1)
      end, package.path, package.cpath, number, tell)
    end
    for _ = 1, 8 do
      repeat
        local opened = {}
        for index = 1, 9 do
          opened[index] = libc.C.fcntl(ended, libc.F_DUPFD, index * 100)
        end
        for _, fd in ipairs(opened) do
          assert(libc.C.fcntl(fd, libc.F_GETFD, 0) == 0)
          assert(libc.C.close(fd) == 0)
        end
      until libc.ready(ended, libc.POLLIN, 0)
      assert(libc.C.read(ended, require("ffi").new("char[1]"), 1) == 1)
    end
    for _, thread in ipairs(threads) do
      assert(thread:join())
    end
    for _, fd in ipairs { ended, tell, unpack(above) } do
      assert(libc.C.fcntl(fd, libc.F_GETFD, 0) == 0)
    end
    assert(#require "spec.leaks".children() == 0)
    print "done"
  ]]):format(lines)))
end

describe("The children of eight threads that spawn at the same time", function()
  it("have exactly the descriptors 0, 1 and 2, and those asked for", function()
    in_eight_threads [[
      local list = "for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done"
      for _ = 1, 20 do
        for expected, fds in pairs { ["0\n1\n2\n"] = {}, ["0\n1\n2\n7\n"] = { [7] = "null" } } do
          local proc = assert(pipe.spawn({ "sh", "-c", list }, { fds = fds }))
          local found = proc:stdout_read_all()
          assert(found == expected, found)
        end
      end
    ]]
  end)

  it("have none of their sisters' pipes: a shutdown of stdin ends just that one", function()
    in_eight_threads [[
      for round = 1, 20 do
        local first, second = assert(pipe.spawn({ "cat" })), assert(pipe.spawn({ "cat" }))
        local line = number .. " " .. round
        first:write(line)
        first:shutdown("stdin")
        assert(first:stdout_read_all() == line)
        assert(first:wait())
        assert(select(2, second:try_wait()) == "running")
        second:close()
      end
    ]]
  end)

  it("are each told of by their own thread, by their own status, and not lost", function()
    in_eight_threads [[
      for round = 1, 20 do
        local procs = {}
        for status = 0, 4 do
          procs[status] = assert(pipe.spawn({ "sh", "-c", "exit $1", "sh", number * 10 + status }))
        end
        for status = 0, 4 do
          assert(select(3, procs[status]:wait()) == number * 10 + status)
        end
        assert(select(3, pipe.spawn({ "no-such" })) == "ENOENT")
      end
    ]]
  end)

  it("are killed and reaped when their threads' states close", function()
    in_eight_threads [[
      for _ = 1, 5 do
        assert(pipe.spawn({ "cat" }))
      end
    ]]
  end)
end)
