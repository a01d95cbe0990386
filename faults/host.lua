-- One run: a host that goes through a scenario while one call of the library fails, and then once more without.
-- luajit faults/host.lua SCENARIO CALL NTH ERRNO, with the shim preloaded; NTH 0 is none. Says on stdout what has
-- happened, in lines that begin with "@"; the shim adds its own. Exits with 1 when something was wrong.

local ffi = require("ffi")
local attempt = require("faults.attempt")
local calls = require("faults.calls")
local errnos = require("faults.errnos")
local libc = require("faults.libc")

ffi.cdef [[
void faults_start(const char *call, unsigned nth, int error);
void faults_stop(void);
void faults_report_held(void);
]]

local scenario, call, nth, errno = require("faults.scenarios." .. arg[1]), arg[2], tonumber(arg[3]), arg[4]

local function wrong(problem)
  print("@wrong " .. problem)
  os.exit(1)
end

-- What was dropped is collected, and what was killed is reaped.
local function settle(pipe)
  jit.flush()
  collectgarbage()
  collectgarbage()
  local patience = 500
  while libc.has_children() do
    pipe.sleep(0.01)
    patience = patience - 1
    if patience == 0 then
      wrong("a child is left")
    end
  end
end

local C = require("pipe.clib") -- the library is there, and its loop is not
attempt.plan(call, errno)
ffi.C.faults_start(nth > 0 and call or "", nth, errnos[errno] or 0)
local pipe = require("pipe")
local opened = require("pipe.engine").opened()
print("@reaper " .. (opened and ffi.string(C.pipe_loop_reaper(opened)) or "none"))

local ran, problem = xpcall(scenario, attempt.traced, pipe)
if not ran and problem ~= attempt.OVER then
  wrong(problem)
end
ffi.C.faults_stop()
if calls[call] and calls[call].spares then
  libc.end_children()
end
settle(pipe)
ffi.C.faults_report_held()
ran, problem = xpcall(scenario, attempt.traced, pipe)
if not ran then
  wrong("the next operation: " .. problem)
end
settle(pipe)
-- What the host did at SIGCHLD is kept for good once it is caught. A reaper may not have needed that: of a child that
-- is dead at its first look it wants no signal.
assert(pipe.signal.on("CHLD", function() end)):stop()
