-- The options stdin, stdout, stderr, merge_stderr and fds: what each descriptor of the child is.

local ffi = require("ffi")
local C = require("pipe.clib")
local interpreted = require("pipe.interpreted")
local number = require("pipe.number")
local status = require("pipe.status")
local strings = require("pipe.strings")

local descriptors = {}

local HIGHEST = 2 ^ 31 - 1

---The options of the first three.
descriptors.names = { [0] = "stdin", "stdout", "stderr" }

local accesses = { r = C.PIPE_ACCESS_READ, w = C.PIPE_ACCESS_WRITE, a = C.PIPE_ACCESS_APPEND }
local default_modes = { [0] = "r", "w", "w" } -- beyond: "r"

local NULL, PIPE = { source = C.PIPE_SOURCE_NULL }, { source = C.PIPE_SOURCE_PIPE }
local STDOUT = { source = C.PIPE_SOURCE_STDOUT }

local function from_word(word, target)
  if word == "null" then
    return NULL
  elseif word == "inherit" then
    return { source = C.PIPE_SOURCE_FD, fd = target }
  elseif word == "pipe" and target <= 2 then
    return PIPE
  elseif word == "stdout" and target == 2 then
    return STDOUT
  end
  return nil, ("unknown word '%s'"):format(word)
end

local function from_number(fd)
  if not number.whole(fd, 0, HIGHEST) then
    return nil, "whole number of at least 0 expected, got " .. tostring(fd)
  end
  return { source = C.PIPE_SOURCE_FD, fd = fd }
end

local function from_file(file)
  if io.type(file) == "closed file" then
    return nil, "open file expected, got a closed one"
  end
  return { source = C.PIPE_SOURCE_FD, file = file }
end

---A file by its path.
---@param value pipe.File
---@param target integer the child's descriptor
---@return table? wish with `path` and `access`
---@return string? problem
function descriptors.file(value, target)
  local problem = strings.problem(value.file)
  if problem then
    return nil, "file: " .. problem
  end
  local mode = value.mode == nil and (default_modes[target] or "r") or value.mode
  if not accesses[mode] then
    return nil, ("mode: 'r', 'w' or 'a' expected, got %s"):format(
      type(mode) == "string" and "'" .. mode .. "'" or type(mode))
  end
  return { source = C.PIPE_SOURCE_FILE, path = value.file, access = accesses[mode] }
end

-- What the child's descriptor `target` shall be, with its strings and Lua objects. A pipe.pipeline passes a joint of
-- the core as its first stage's stderr.
local function wish(value, target)
  if type(value) == "string" then
    return from_word(value, target)
  elseif type(value) == "number" then
    return from_number(value)
  elseif type(value) == "table" then
    return descriptors.file(value, target)
  elseif io.type(value) then
    return from_file(value)
  elseif target == 2 and ffi.istype("pipe_joint *", value) then
    return { source = C.PIPE_SOURCE_PIPE, joint = value }
  end
  return nil, "string, descriptor number, file or table expected, got " .. type(value)
end

-- The numbers beyond 2, in rising order.
local sorted_numbers = interpreted(function(fds)
  local numbers = {}
  for target in pairs(fds) do
    if not number.whole(target, 3, HIGHEST) then
      return nil, "keys: whole numbers of at least 3 expected, got " .. tostring(target)
    end
    numbers[#numbers + 1] = target
  end
  table.sort(numbers)
  return numbers
end)

local function read_one(wishes, value, target)
  local found, problem = wish(value == nil and "pipe" or value, target)
  if not found then
    return ("bad %s option: %s"):format(descriptors.names[target], problem)
  end
  wishes[target + 1] = found
end

local function read_standard(wishes, opts)
  local stderr = opts.stderr
  if opts.merge_stderr then
    if stderr ~= nil and stderr ~= "stdout" then
      return "bad merge_stderr option: not together with the option stderr"
    end
    stderr = "stdout"
  end
  -- Not a loop: see options.lua.
  return read_one(wishes, opts.stdin, 0) or read_one(wishes, opts.stdout, 1) or read_one(wishes, stderr, 2)
end

local function read_others(wishes, fds)
  if fds == nil then
    return
  elseif type(fds) ~= "table" then
    return "bad fds option: table expected, got " .. type(fds)
  end
  local numbers, problem = sorted_numbers(fds)
  if not numbers then
    return "bad fds option: " .. problem
  end
  for _, target in ipairs(numbers) do
    local found
    found, problem = wish(fds[target], target)
    if not found then
      return ("bad fds option: [%d]: %s"):format(target, problem)
    end
    wishes[#wishes + 1] = found
  end
  wishes.numbers = numbers
end

local new_three, new_array = ffi.typeof("pipe_descriptor[3]"), ffi.typeof("pipe_descriptor[?]")

local function fill_in(entry, target, wanted)
  entry.number, entry.source = target, wanted.source
  entry.fd, entry.access = wanted.fd or -1, wanted.access or 0
  entry.path, entry.joint = wanted.path, wanted.joint
end

---Pipes for stdout and stderr, and nothing to read: the core's form.
descriptors.outputs_only = new_three()
fill_in(descriptors.outputs_only[0], 0, NULL)
fill_in(descriptors.outputs_only[1], 1, PIPE)
fill_in(descriptors.outputs_only[2], 2, PIPE)

---@param plan pipe.Plan
---@param opts pipe.SpawnOptions
---@return string? problem
function descriptors.read(plan, opts)
  if opts.stdin == nil and opts.stdout == nil and opts.stderr == nil and opts.fds == nil and not opts.merge_stderr then
    return -- three pipes
  end
  local wishes = { false, false, false }
  local problem = read_standard(wishes, opts) or read_others(wishes, opts.fds)
  if problem then
    return problem
  end
  local array = #wishes == 3 and new_three() or new_array(#wishes)
  fill_in(array[0], 0, wishes[1])
  fill_in(array[1], 1, wishes[2])
  fill_in(array[2], 2, wishes[3])
  for i = 4, #wishes do
    fill_in(array[i - 1], wishes.numbers[i - 3], wishes[i])
  end
  plan.wishes, plan.descriptors = wishes, array
  plan.options.descriptors, plan.options.descriptor_count = array, #wishes
end

local function flush(plan, index)
  local file = plan.wishes[index + 1].file
  if not file then
    return
  end
  local fd, entry = C.pipe_file_descriptor(file), plan.descriptors[index]
  if fd < 0 then
    local message, code = status.describe(fd)
    return ("failed to flush the file for %s: %s"):format(descriptors.names[index] or entry.number, message), code
  end
  entry.fd = fd
end

---Flushes the Lua files among them: what the host has written comes before what the child will.
---@param plan pipe.Plan
---@return string? message
---@return string? code
function descriptors.resolve(plan)
  local wishes = plan.wishes
  if not wishes then
    return
  end
  -- Not a loop: see options.lua.
  local message, code = flush(plan, 0)
  if not message then
    message, code = flush(plan, 1)
  end
  if not message then
    message, code = flush(plan, 2)
  end
  for i = 3, message and 0 or #wishes - 1 do
    message, code = flush(plan, i)
    if message then
      break
    end
  end
  return message, code
end

return descriptors
