-- How a child ended, and what it has used.

local ffi = require("ffi")
local C = require("pipe.clib")
local operation = require("pipe.operation")
local status = require("pipe.status")

local OK, AGAIN, BUSY = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_BUSY

local exit = {}

---Where the core puts it. One is enough: it is read before anything is allocated, so before a finalizer can run.
exit.status = ffi.new("pipe_exit")

local exit_status = exit.status

---The contract's three values for an answer of the core about an exit.
---@param code integer
---@return boolean? ok
---@return string reason
---@return integer|string|nil status
function exit.tell(code)
  if code == OK then
    local number = exit_status.status
    if exit_status.signaled ~= 0 then
      return false, "signal", number
    end
    return number == 0, "exit", number
  end
  local message, name = status.describe(code, C.PIPE_EXIT)
  if name == "ECHILD" then
    return nil, "exit status lost", name
  elseif name then
    return nil, message, name
  end
  return nil, message
end

---Adds the methods that tell of the exit.
---@param Process table the metatable of process objects
---@param methods table
function exit.install(Process, methods)
  ---Waits for the child's exit, and uses it up. **Yields** while the child lives. What it wrote stays readable.
  ---@param self pipe.Process
  ---@return boolean? ok true for exit code 0, false for another or a signal
  ---@return string reason "exit" or "signal"; or why not: "timeout", "exited" (told already), "pipe busy waiting"
  ---@return integer|string|nil status the exit code or the signal's number; or the errno's name
  function methods.wait(self)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local code = C.pipe_wait(self.handle, exit_status)
    if code == BUSY and operation.gave_way() then
      code = C.pipe_wait(self.handle, exit_status)
    end
    if code == AGAIN then
      local waiter, refusal = operation.waiter(self, C.PIPE_EXIT)
      if not waiter then
        error(refusal, 2)
      end
      local failure = operation.wait(waiter, self, C.PIPE_EXIT)
      if failure then
        return nil, status.describe(failure)
      end
      code = C.pipe_wait_result(self.handle, exit_status)
      operation.fetched(waiter)
    end
    return exit.tell(code)
  end

  ---As wait(), but at once: nil, "running" while the child lives. Uses nothing up. Never yields.
  ---@param self pipe.Process
  ---@return boolean? ok
  ---@return string reason
  ---@return integer|string|nil status
  function methods.try_wait(self)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    return exit.tell(C.pipe_try_wait(self.handle, exit_status))
  end

  ---What the child, and those that it waited for, have used: getrusage(2)'s fields, without "ru_". Never yields.
  ---@param self pipe.Process
  ---@return pipe.Usage? usage
  ---@return string? err "running", "exited" (closed before its exit was known), "exit status lost"
  ---@return string? code the errno's name
  function methods.rusage(self)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local usage = ffi.new("pipe_usage")
    local code = C.pipe_rusage(self.handle, usage)
    if code ~= OK then
      return exit.tell(code)
    end
    return {
      utime = usage.utime, stime = usage.stime, maxrss = usage.maxrss, ixrss = usage.ixrss, idrss = usage.idrss,
      isrss = usage.isrss, minflt = usage.minflt, majflt = usage.majflt, nswap = usage.nswap, inblock = usage.inblock,
      oublock = usage.oublock, msgsnd = usage.msgsnd, msgrcv = usage.msgrcv, nsignals = usage.nsignals,
      nvcsw = usage.nvcsw, nivcsw = usage.nivcsw,
    }
  end
end

---@class pipe.Usage
---@field utime number seconds in user mode
---@field stime number seconds in the kernel
---@field maxrss number peak memory, in bytes
---@field ixrss number
---@field idrss number
---@field isrss number
---@field minflt number page faults without input or output
---@field majflt number page faults with it
---@field nswap number
---@field inblock number reads of a file system
---@field oublock number writes to one
---@field msgsnd number
---@field msgrcv number
---@field nsignals number
---@field nvcsw number times it gave up the processor
---@field nivcsw number times it lost it

return exit
