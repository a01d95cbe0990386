-- Signals: to the child, or to its whole tree.

local C = require("pipe.clib")
local family = require("pipe.family")
local options = require("pipe.options")
local signum = require("pipe.signum")
local status = require("pipe.status")

local kill = {}

---@param sig any
---@return integer? number -1, which is none, for what fits no C int
---@return string? problem
function kill.number(sig)
  local number = type(sig) == "number" and sig or signum[sig]
  if number then
    return options.whole(number, 0, 2 ^ 31 - 1) or -1
  end
  return nil, "bad signal arg: number expected, got " .. tostring(sig)
end

local function answer(code)
  if code ~= C.PIPE_OK then
    return nil, status.describe(code)
  end
  return true
end

---Adds the methods that signal.
---@param Process table the metatable of process objects
---@param methods table
function kill.install(Process, methods)
  ---Sends a signal; 0 only asks. Never yields.
  ---@param self pipe.Process
  ---@param sig integer|string a number, or a name: "TERM", "SIGTERM"
  ---@return boolean? ok
  ---@return string? err "exited", "invalid signal", or a system error's text
  ---@return string? code the errno's name
  function methods.kill(self, sig)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local number, problem = kill.number(sig)
    if not number then
      error(problem, 2)
    end
    return answer(C.pipe_kill(self.handle, number))
  end

  ---Sends a signal to the child and to every process whose chain of living parents leads to it, in whatever group or
  ---session. They are stopped until none is new, signalled, and continued; 0 only asks. Never yields.
  ---@param self pipe.Process
  ---@param sig integer|string as for kill()
  ---@return boolean? ok
  ---@return string? err "exited", "invalid signal", or a system error's text
  ---@return string? code the errno's name
  function methods.kill_tree(self, sig)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local number, problem = kill.number(sig)
    if not number then
      error(problem, 2)
    end
    local tree, code = family.open(self)
    if tree then
      code = family.signal(tree, number)
      family.free(tree)
    end
    return answer(code)
  end
end

return kill
