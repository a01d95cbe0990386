--- Runs shell scripts by pipe.run in a light thread, with a witness: for what happens to a tree of processes.
local assert = require "luassert"
local libc = require "spec.libc"
local pipe = require "pipe"
local witness = require "spec.witness"

local runs = {}

local questions

--- For `before_each`: makes `runs.watch`, and a FIFO for questions.
function runs.open()
  runs.watch, questions = witness.new(), os.tmpname()
  os.remove(questions)
  assert.equal(0, libc.C.mkfifo(questions, 384))
end

--- For `after_each`.
function runs.close()
  runs.watch:close()
  os.remove(questions)
end

--- Starts a shell script whose descriptor 9 is the witness, and that may read questions from "$1". Its timeout cannot
-- pass before the loop makes a turn: until then the script can get ready.
function runs.start(script, options)
  return pipe.thread.spawn(pipe.run,
    { "sh", "-c", 'exec 9>"$2"; ' .. script, "sh", questions, runs.watch.path }, options)
end

--- Waits for a started run: its result.
function runs.finish(run)
  local ok, result = pipe.thread.wait(run)
  assert.is_true(ok, tostring(result))
  return assert(result)
end

--- Says something to who reads the questions.
function runs.tell(text)
  local file = assert(io.open(questions, "w"))
  file:write(text)
  file:close()
end

--- What became of the child itself: ok, reason, status, timed_out and truncated.
function runs.fate(result)
  return { result.ok, result.reason, result.status, result.timed_out or false, result.truncated or false }
end

--- The same where a KILL follows the TERM at once: which of the two ends a child that has not run in between is the
-- scheduler's choice.
function runs.fate_of_hurried(result)
  local fate = runs.fate(result)
  assert.is_true(fate[3] == libc.SIGTERM or fate[3] == libc.SIGKILL)
  fate[3] = "either"
  return fate
end

--- The start of a script: on TERM, the child goes first; its grandchildren, one in a session of its own, ignore it.
-- They say when they are ready.
runs.stubborn_family = [[
  (trap '' TERM; echo ready >&9; sleep 1000; :) &
  setsid sh -c 'trap "" TERM; echo ready >&9; sleep 1000; :' &
]]

return runs
