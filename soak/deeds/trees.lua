--- Children that have children, and what reaches all of them. The end of an output that they all hold tells when they
-- are gone.
local expect = require "soak.expect"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

local family = "sleep 1000 & setsid sleep 1000 & (sleep 1000 & wait) & echo ready; wait"

function deeds.a_signal_to_a_tree(random)
  local proc = patient.spawn({ "sh", "-c", family })
  expect.words("ready", proc:stdout_read_line())
  local name, signum = "KILL", 9
  if random:once_in(2) then
    name, signum = "TERM", 15
  end
  expect.words("true", proc:kill_tree(name))
  expect.words("false signal " .. signum, proc:wait())
  expect.words("nil exited", proc:kill_tree(name))
  if name == "KILL" then -- TERM may come before the inner shell has made its last one
    expect.bytes("", proc:stdout_read_all())
  end
end

function deeds.a_group_that_is_killed_with_its_leader(random)
  local proc = patient.spawn({ "sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait" }, { process_group = true })
  expect.words("ready", proc:stdout_read_line())
  if random:once_in(2) then
    expect.words("true", proc:kill("KILL"))
    expect.words("false signal 9", proc:wait())
    expect.bytes("", proc:stdout_read_all())
  else
    proc:close()
  end
end

function deeds.a_run_that_takes_too_long(random)
  local res = assert(pipe.run({ "sh", "-c", "echo begun; " .. family }, { timeout = random:between(1, 30) }))
  expect.truth(res.timed_out and not res.ok, "no timeout")
  expect.words("signal 15", res.reason, res.status)
end

function deeds.a_run_whose_thread_is_killed(random)
  local thread = pipe.thread.spawn(pipe.run, { "sh", "-c", family }, { input = random:bytes(random:size(300000)) })
  for _ = 1, random:below(5) do
    pipe.sleep(0)
  end
  expect.words("true", pipe.thread.kill(thread))
end

return deeds
