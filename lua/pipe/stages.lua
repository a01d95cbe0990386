-- The stages of a pipe.pipeline: checking and starting them.

local ffi = require("ffi")
local C = require("pipe.clib")
local descriptors = require("pipe.descriptors")
local failure = require("pipe.failure")
local joint = require("pipe.joint")
local options = require("pipe.options")
local process = require("pipe.process")
local status = require("pipe.status")

-- fcntl(2) under a name of ours, declared once in a state.
pcall(ffi.cdef, [[int pipe_control_descriptor(int fd, int command, ...) __asm__("fcntl");]])

local stages = {}

local F_GETFD = 1 -- <fcntl.h>

-- One stage's options, with its own ends of the joints.
local function stage_options(stage, opts, stdin, stdout, stderr)
  local own = { stdin = stdin, stdout = stdout, stderr = stderr }
  if type(stage) == "table" then
    own.cwd, own.env = stage.cwd, stage.env
  end
  if stderr == nil and opts.stderr == nil and not opts.merge_stderr then
    own.stderr = "inherit"
  end
  return setmetatable(own, { __index = opts })
end

-- The caller's mistakes, before anything is started. "null" stands in for a joint.
local function check_stage(stage, opts, index)
  if type(stage) ~= "string" and type(stage) ~= "table" then
    return false, ("bad value at index %d of stages arg: string or table expected, got %s"):format(index, type(stage))
  end
  local shared = opts.stderr == "pipe" and "null" or nil
  local plan, problem, code = options.plan(stage, stage_options(stage, opts, "null", "null", shared))
  if plan == false then
    problem = ("bad value at index %d of stages arg: %s"):format(index, problem)
  end
  return plan, problem, code
end

-- A number that the host does not have is refused before the joints are opened: one of them would take it.
local function check_passed(plan)
  for i = 0, plan.wishes and #plan.wishes - 1 or -1 do
    local wanted = plan.descriptors[i]
    if wanted.source == C.PIPE_SOURCE_FD and ffi.C.pipe_control_descriptor(wanted.fd, F_GETFD) < 0 then
      local reason, code = status.describe(-ffi.errno())
      return nil, failure.describe(plan, { step = C.PIPE_STEP_DESCRIPTOR, index = i }, reason), code
    end
  end
  return plan
end

---Nothing is started, or opened, here.
---@param list any
---@param opts any
---@return table|false|nil good nil: the world refuses; false: the caller is wrong
---@return string? problem_or_message
---@return string? code
function stages.check(list, opts)
  if type(list) ~= "table" then
    return false, "bad stages arg: table expected, got " .. type(list)
  elseif list[1] == nil then
    return false, "bad stages arg: non-empty table expected"
  elseif type(opts) ~= "table" then
    return false, "bad opts arg: table expected, got " .. type(opts)
  elseif opts.pty then
    return false, "bad pty option: not for pipe.pipeline"
  end
  local shared, problem, code = options.plan("", opts)
  local plan, index = shared, 1
  while plan and list[index] ~= nil do
    plan, problem, code = check_stage(list[index], opts, index)
    index = index + 1
  end
  if plan then
    return check_passed(shared)
  end
  return plan, problem, code
end

-- What all stages have as their stderr, opened once: the first one's, the others', and how to close ours.
local function open_shared(opts)
  local stderr = opts.stderr
  local joined, message, code
  if stderr == "pipe" then
    joined, message, code = joint.open(opts.pipe_size)
  elseif type(stderr) == "table" then
    local wanted = descriptors.file(stderr, 2)
    joined, message, code = joint.open_file(wanted.path, wanted.access)
  else
    return { close = function() end }
  end
  if not joined then
    return nil, message, code
  end
  local fd = joint.fd(joined, joint.WRITING)
  return { first = stderr == "pipe" and joined or fd, others = fd, close = function() joint.free(joined) end }
end

-- The process, and the joint to the next one.
local function start_stage(list, i, opts, before, shared)
  local after, message, code
  if list[i + 1] ~= nil then
    after, message, code = joint.open(opts.pipe_size)
    if not after then
      return nil, message, code
    end
  end
  local stdin, stdout = before and joint.fd(before, joint.READING), after and joint.fd(after, joint.WRITING)
  local proc
  proc, message, code = process.try_spawn(list[i], stage_options(list[i], opts, stdin, stdout,
    i == 1 and shared.first or shared.others))
  if not proc then
    joint.free(after)
    return nil, message, code
  end
  return proc, after
end

---Starts one after the other. A joint is closed as soon as both its neighbours have started, so that each of them sees
---the other's end.
---@param list table that stages.check() has found good
---@param opts pipe.SpawnOptions
---@return pipe.Process[]? processes nil when one could not be started: then none is left
---@return string? message
---@return string? code
function stages.start(list, opts)
  local shared, message, code = open_shared(opts)
  if not shared then
    return nil, message, code
  end
  local processes, before = {}, nil
  for i in ipairs(list) do
    local proc, after
    proc, after, code = start_stage(list, i, opts, before, shared)
    joint.free(before)
    if not proc then
      for _, started in ipairs(processes) do
        started:close()
      end
      shared.close()
      return nil, after, code
    end
    processes[i], before = proc, after
  end
  shared.close()
  return processes
end

return stages
