--- Light threads, and what they wait for besides children.
local expect = require "soak.expect"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

function deeds.a_semaphore(random)
  local most = random:between(1, 4)
  local semaphore, inside, threads = pipe.semaphore.new(most), 0, {}
  for index = 1, random:between(2, 12) do
    threads[index] = pipe.thread.spawn(function()
      if not semaphore:wait(random:once_in(4) and 0.001 or patient.MS) then
        return "timeout"
      end
      inside = inside + 1
      expect.truth(inside <= most, inside)
      pipe.sleep(random:below(3) / 1000)
      inside = inside - 1
      semaphore:post()
      return "done"
    end)
  end
  if random:once_in(3) then
    threads[#threads + 1] = pipe.thread.spawn(semaphore.wait, semaphore, patient.MS)
    if not pipe.thread.kill(threads[#threads]) then
      semaphore:post()
    end
    threads[#threads] = nil
  end
  for _, thread in ipairs(threads) do
    local result = patient.join(thread)
    expect.truth(result == "done" or result == "timeout", result)
  end
  expect.words(("0 %d"):format(most), inside, semaphore:count())
end

function deeds.sleepers(random)
  local woken, threads = 0, {}
  for index = 1, random:between(1, 50) do
    threads[index] = pipe.thread.spawn(function()
      pipe.sleep(random:below(5) / 1000)
      woken = woken + 1
    end)
  end
  local killed = pipe.thread.kill(pipe.thread.spawn(pipe.sleep, 1000))
  for _, thread in ipairs(threads) do
    patient.join(thread)
  end
  expect.words(("%d true"):format(#threads), woken, killed)
end

function deeds.the_first_thread_of_several(random)
  local quick = pipe.thread.spawn(function()
    pipe.sleep(random:below(3) / 1000)
    return "quick"
  end)
  local slow = pipe.thread.spawn(pipe.sleep, 1000)
  expect.words("true quick", pipe.thread.wait(slow, quick))
  expect.words("true", pipe.thread.kill(slow))
  expect.words("nil already waited or killed", pipe.thread.wait(slow))
end

function deeds.a_thread_that_fails(random)
  local thread = pipe.thread.spawn(function()
    pipe.sleep(0.001)
    error("broken " .. random:below(10), 0)
  end)
  local ok, message = pipe.thread.wait(thread)
  expect.truth(ok == false and message:find("^broken %d$"), tostring(message))
end

function deeds.a_generator_that_waits(random)
  local last = random:between(1, 500)
  local lines = pipe.coroutine.wrap(function()
    local proc = patient.spawn({ "seq", last })
    for line in proc:stdout_lines() do
      pipe.coroutine.yield(line)
    end
    expect.words("true exit 0", proc:wait())
  end)
  for number = 1, last do
    expect.words(number, lines())
    if random:once_in(100) then
      return -- the generator is dropped, and its child with it
    end
  end
  expect.words("", lines())
end

function deeds.a_caller_who_is_wrong()
  local proc = patient.spawn({ "cat" })
  for _, call in ipairs {
    function() pipe.spawn({}) end,
    function() pipe.spawn({ "true" }, { cwd = 1 }) end,
    function() pipe.run({ "true" }, { wait_timeout = 1 }) end,
    function() proc:write(true) end,
    function() proc:stdout_read_bytes(-1) end,
    function() proc:kill("FOO") end,
    function() pipe.sleep(-1) end,
  } do
    expect.words("false", (pcall(call)))
  end
  expect.words("2", proc:write("ok"))
  expect.words("ok", proc:stdout_read_any(10))
end

return deeds
