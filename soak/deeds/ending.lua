--- How children end, and who is told of it.
local expect = require "soak.expect"
local libc = require "spec.libc"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

local function ended(ok, status)
  return ("%s exit %d"):format(ok, status)
end

function deeds.an_exit_by_wait(random)
  local status = random:below(256)
  local proc = patient.spawn({ "sh", "-c", "exit " .. status })
  if random:once_in(2) then
    libc.await_exit(proc:pid())
  end
  expect.words(ended(status == 0, status), proc:wait())
  expect.words(ended(status == 0, status), proc:try_wait())
  expect.words("nil exited", proc:wait())
  expect.words("nil exited", proc:kill("KILL"))
end

function deeds.an_exit_while_others_use_the_process(random)
  local status = random:below(256)
  local proc = patient.spawn({ "sh", "-c", "read x; echo out; echo err >&2; exit " .. status })
  local waiter = pipe.thread.spawn(proc.wait, proc)
  local out, err = pipe.thread.spawn(proc.stdout_read_all, proc), pipe.thread.spawn(proc.stderr_read_line, proc)
  expect.words("nil pipe busy waiting", proc:wait())
  expect.words("nil running", proc:try_wait())
  expect.words("3", proc:write("go\n"))
  expect.words(ended(status == 0, status), patient.join(waiter))
  expect.words("out\n", patient.join(out))
  expect.words("err", patient.join(err))
end

function deeds.many_exits_at_once(random)
  local reading, writing = libc.pipe()
  local waiters = {}
  for status = 0, random:between(5, 20) do
    local proc = patient.spawn({ "sh", "-c", "read x; exit " .. status }, { stdin = reading })
    waiters[status] = pipe.thread.spawn(proc.wait, proc)
  end
  libc.C.close(reading)
  libc.C.close(writing)
  for status = #waiters, 0, -1 do
    expect.words(ended(status == 0, status), patient.join(waiters[status]))
  end
end

function deeds.the_first_of_several(random)
  local procs = {}
  for index = 1, random:between(2, 6) do
    procs[index] = patient.spawn({ "cat" })
  end
  local left = #procs
  while left > 0 do
    local proc = procs[random:between(1, #procs)]
    if proc:try_wait() == nil then
      expect.words("true", proc:shutdown("stdin"))
      local first, ok, reason, status = pipe.wait_any(procs, patient.MS)
      expect.truth(first == proc, "another one was told")
      expect.words("true exit 0", ok, reason, status)
      left = left - 1
    end
  end
  expect.words("nil exited", pipe.wait_any(procs))
end

local signals = { HUP = 1, INT = 2, KILL = 9, USR1 = 10, TERM = 15 }

function deeds.a_signal_right_after_the_spawn(random)
  local name = random:one_of { "HUP", "INT", "KILL", "USR1", "TERM" }
  local proc = patient.spawn({ "cat" })
  local waiter = random:once_in(2) and pipe.thread.spawn(proc.wait, proc)
  expect.words("true", proc:kill(name))
  proc:kill(name)
  local expected = "false signal " .. signals[name]
  if waiter then
    expect.words(expected, patient.join(waiter))
  else
    expect.words(expected, proc:wait())
  end
  expect.words("nil exited", proc:kill(name))
  expect.bytes("", proc:stdout_read_all())
end

function deeds.a_stop_that_is_no_exit()
  local proc = patient.spawn({ "cat" })
  expect.words("true", proc:kill("STOP"))
  patient.hurried(proc, 4, function() expect.words("nil timeout", proc:wait()) end)
  expect.words("nil running", proc:try_wait())
  expect.words("true", proc:kill("CONT"))
  expect.words("2", proc:write("on"))
  expect.words("on", proc:stdout_read_bytes(2))
  expect.words("true", proc:shutdown("stdin"))
  expect.words("true exit 0", proc:wait())
end

function deeds.an_end_in_good_order(random)
  local stubborn = random:once_in(2)
  local proc = patient.spawn({ "sh", "-c", (stubborn and "trap '' TERM; " or "") .. "echo ready; read x; :" })
  expect.words("ready", proc:stdout_read_line())
  expect.words(stubborn and "false signal 9" or "false signal 15", proc:terminate(stubborn and 1 or patient.MS))
end

local function told_or_lost(ok, reason, status)
  local words = ("%s %s %s"):format(ok, reason, status)
  expect.truth(words == "false exit 3" or words == "nil exit status lost ECHILD", words)
end

function deeds.an_exit_that_somebody_else_takes(random)
  local proc = patient.spawn({ "sh", "-c", "read x; exit 3" })
  local waiter = random:once_in(2) and pipe.thread.spawn(proc.wait, proc)
  expect.words("3", proc:write("go\n"))
  libc.reap(proc:pid())
  if waiter then
    told_or_lost(patient.join(waiter))
  else
    told_or_lost(proc:wait())
  end
  told_or_lost(proc:try_wait())
  expect.words("nil exited", proc:kill("KILL"))
end

function deeds.a_close_in_the_middle(random)
  local proc = patient.spawn({ "sleep", "1000" }, { detached = random:once_in(3), process_group = random:once_in(3) })
  local threads = {
    pipe.thread.spawn(proc.wait, proc),
    pipe.thread.spawn(proc.stdout_read_line, proc),
    pipe.thread.spawn(proc.stderr_read_all, proc),
    pipe.thread.spawn(proc.write, proc, random:bytes(300000)),
  }
  for _ = 1, random:below(3) do
    pipe.sleep(0)
  end
  expect.truth(proc:close())
  for _, thread in ipairs(threads) do
    local result, message = patient.join(thread)
    expect.words("nil aborted", result, message)
  end
  expect.words("nil exited", proc:wait())
  expect.words("nil closed 0", proc:write("x"))
end

-- What nobody refers to any more is killed and reaped, whatever it was doing.
function deeds.a_handle_that_is_dropped(random)
  local proc = patient.spawn(random:one_of { { "cat" }, { "true" }, { "yes" }, { "sleep", "1000" } })
  local thread = random:once_in(2) and pipe.thread.spawn(proc.stdout_read_bytes, proc, 2 ^ 20)
  if random:once_in(2) then
    proc:kill("STOP")
  end
  if thread then
    pipe.thread.kill(thread)
  end
end

return deeds
