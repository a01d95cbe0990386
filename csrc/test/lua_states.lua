-- What a Lua state of lua_states_test.cc does in its thread, while others do the same in theirs: one function for each
-- test, which returns pids of children that must be gone when the state has been closed.

local pipe = require "pipe"

local lives = {
  host = nil, -- the pid of all states
}

---Spawns, writes, reads both outputs in light threads, waits.
function lives.talks()
  local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo out $line; echo err $line >&2; exit 3" }))
  local errors = pipe.thread.spawn(function() return proc:stderr_read_all() end)
  assert(proc:write("text\n") == 5)
  assert(proc:stdout_read_line() == "out text")
  assert(select(2, pipe.thread.wait(errors)) == "err text\n")
  assert(select(3, proc:wait()) == 3)
  assert(select(3, pipe.spawn({ "no-such-program" })) == "ENOENT")
  return { proc:pid() }
end

---Has many timers, and operations that time out.
function lives.sleeps()
  local proc = assert(pipe.spawn({ "cat" }))
  proc:set_timeouts(nil, 2, 2, 2)
  local threads, slept = {}, 0
  for number = 1, 50 do
    threads[number] = pipe.thread.spawn(function()
      for _ = 1, 5 do
        pipe.sleep(number % 5 / 1000)
        slept = slept + 1
      end
    end)
  end
  assert(select(2, proc:stdout_read_line()) == "timeout")
  assert(select(2, proc:wait()) == "timeout")
  for _, th in ipairs(threads) do
    assert(pipe.thread.wait(th))
  end
  assert(slept == 250)
  return { proc:pid() }
end

---Signals a child with its descendants.
function lives.kills_trees()
  local proc = assert(pipe.spawn("sleep 1000 & echo $!; wait"))
  local pids = { proc:pid(), tonumber(proc:stdout_read_line()) }
  assert(proc:kill_tree("KILL"))
  assert(select(3, proc:wait()) == 9)
  assert(proc:stdout_read_all() == "") -- the grandchild has ended, too
  return { pids[1] }
end

---Runs programs to their end, or to the end of their time.
function lives.runs()
  local res = assert(pipe.run({ "sh", "-c", "cat; echo err >&2; exit 5" }, { input = "text" }))
  assert(res.stdout == "text" and res.stderr == "err\n" and res.status == 5)
  local late = assert(pipe.run("echo early; exec sleep 1000", { timeout = 20, grace = 5 }))
  assert(late.timed_out)
  return { res.pid, late.pid }
end

---Catches signals of the process, which all states that want them get.
function lives.catches_signals()
  local handled = 0
  local handler = assert(pipe.signal.on("USR1", function() handled = handled + 1 end))
  local proc = assert(pipe.spawn({ "cat" }))
  pipe.signal.wait("USR2", 1) -- another state may have sent one
  for _ = 1, 10 do
    assert(pipe.signal.kill(lives.host, "USR1"))
    assert(pipe.signal.kill(lives.host, "USR2"))
    assert(pipe.signal.wait("USR2") == "USR2")
  end
  repeat
    pipe.sleep(0)
  until handled > 0
  handler:stop()
  pipe.signal.reset("USR2")
  return { proc:pid() }
end

---Leaves handles to the garbage collector while their children live.
function lives.forgets()
  local pids = {}
  for number = 1, 5 do
    (function() pids[number] = assert(pipe.spawn({ "cat" })):pid() end)()
    collectgarbage()
  end
  pipe.sleep(0)
  return pids
end

---Is closed while children live, and while light threads wait for them.
function lives.abandons()
  local pids = {}
  for number, wait in ipairs { "stdout_read_line", "wait", "stderr_read_all" } do
    local proc = assert(pipe.spawn({ "cat" }))
    pids[number] = proc:pid()
    pipe.thread.spawn(function() return proc[wait](proc) end)
  end
  pipe.thread.spawn(pipe.sleep, 1000)
  pipe.sleep(0)
  return pids
end

---Is still there when the host ends.
function lives.waits_for_ever()
  pipe.sleep(1000000)
end

return lives
