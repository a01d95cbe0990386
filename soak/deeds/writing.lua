--- Writes that are cut short, in every way: what went out is told to the byte.
local expect = require "soak.expect"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

function deeds.a_write_resumed_after_timeouts(random)
  local text = random:bytes(random:between(200000, 700000))
  local proc = patient.spawn({ "cat" })
  local sent, reader = 0, nil
  patient.hurried(proc, 1, function()
    while sent < #text do
      local size, message, written = proc:write(text:sub(sent + 1))
      expect.truth(size or message == "timeout", message)
      sent = sent + (size or written)
      -- Nobody reads what cat copies until its pipes are full.
      reader = reader or pipe.thread.spawn(proc.stdout_read_all, proc)
    end
  end)
  expect.words("true", proc:shutdown("stdin"))
  expect.bytes(text, patient.join(reader))
  expect.words("true exit 0", proc:wait())
end

-- What frees a writer whose child does not read, what it is told, and how the child ends then.
local ways = {
  { "closed", "false signal 9", function(proc) expect.truth(proc:kill("KILL")) end },
  { "closed", "false signal 15", function(proc) expect.truth(proc:kill("TERM")) end },
  { "aborted", "nil exited", function(proc) proc:close() end },
  { "aborted", nil, function(proc) expect.truth(proc:shutdown("stdin")) end },
}

function deeds.a_writer_on_a_full_stdin_that_is_freed(random)
  local text = random:bytes(random:between(300000, 700000))
  local proc = patient.spawn({ "sleep", "1000" })
  local writer = pipe.thread.spawn(proc.write, proc, text)
  for _ = 1, random:below(3) do
    pipe.sleep(0)
  end
  expect.words("nil pipe busy writing 0", proc:write("x"))
  local told, ended, free = unpack(random:one_of(ways), 1, 3)
  free(proc)
  local result, message, written = patient.join(writer)
  expect.words("nil " .. told, result, message)
  expect.truth(written > 0 and written < #text, written)
  if ended then
    expect.words(ended, proc:wait())
  end
  expect.truth(not proc:write("x"), "a write to nobody")
end

function deeds.a_killed_writer_leaves_nobody_busy(random)
  local proc = patient.spawn({ "wc", "-c" })
  local text = random:bytes(random:between(300000, 700000))
  local writer = pipe.thread.spawn(proc.write, proc, text)
  local was_killed = pipe.thread.kill(writer)
  expect.words(3, proc:write("end"))
  expect.words("true", proc:shutdown("stdin"))
  local count = tonumber(proc:stdout_read_line())
  expect.truth(count <= #text + 3 and count >= (was_killed and 3 or #text + 3), count)
  expect.words("true exit 0", proc:wait())
end

function deeds.a_write_to_a_dead_reader(random)
  local proc = patient.spawn({ "true" })
  local text = random:bytes(random:between(200000, 1000000))
  local result, message, written = proc:write(text)
  expect.words("nil closed", result, message)
  expect.truth(written < #text, written)
  expect.words("true exit 0", proc:wait())
  expect.words("nil closed 0", proc:write("x"))
end

return deeds
