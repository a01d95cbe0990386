-- The options uid, gid and groups: as whom the child runs.

local ffi = require("ffi")
local bit = require("bit")
local C = require("pipe.clib")
local number = require("pipe.number")
local status = require("pipe.status")
local strings = require("pipe.strings")

-- libc's, under names that no other library's ffi.cdef can clash with.
ffi.cdef [[
unsigned pipe_effective_uid(void) __asm__("geteuid");
unsigned pipe_effective_gid(void) __asm__("getegid");
]]

local credentials = {}

local HIGHEST_ID = 2 ^ 32 - 2 -- the one above means "leave it" to the kernel
local FIRST_ROOM = 64         -- groups of a user

local function id_problem(id)
  if type(id) == "number" then
    return not number.whole(id, 0, HIGHEST_ID) and "whole number from 0 to 2^32-2 expected, got " .. tostring(id)
  elseif type(id) ~= "string" then
    return "number or name expected, got " .. type(id)
  end
  return id == "" and "name expected, got an empty string" or strings.problem(id)
end

local function read_groups(groups)
  if type(groups) ~= "table" then
    return nil, "bad groups option: table expected, got " .. type(groups)
  end
  local copy = {}
  local i, id = 1, groups[1]
  while id ~= nil do
    local problem = id_problem(id)
    if problem then
      return nil, ("bad groups option: [%d]: %s"):format(i, problem)
    end
    copy[i] = id
    i = i + 1
    id = groups[i]
  end
  return copy
end

---@param plan pipe.Plan
---@param opts pipe.SpawnOptions
---@return string? problem
function credentials.read(plan, opts)
  if opts.uid == nil and opts.gid == nil and opts.groups == nil then
    return
  end
  for _, name in ipairs { "uid", "gid" } do
    local problem = opts[name] ~= nil and id_problem(opts[name])
    if problem then
      return ("bad %s option: %s"):format(name, problem)
    end
  end
  local groups, problem
  if opts.groups ~= nil then
    groups, problem = read_groups(opts.groups)
    if not groups then
      return problem
    end
  end
  plan.ids = { uid = opts.uid, gid = opts.gid, groups = groups }
end

local function lookup_failed(kind, id, code)
  local message, name = status.describe(code)
  if name == "ENOENT" then
    return nil, ("unknown %s '%s'"):format(kind, id), name
  end
  return nil, ("failed to look up %s '%s': %s"):format(kind, id, message), name
end

-- The entry of the user database, or nil, message, code.
local function find_user(id)
  local account, room = ffi.new("pipe_account"), FIRST_ROOM
  local groups, code
  repeat
    groups = ffi.new("unsigned[?]", room)
    account.groups, account.group_count = groups, room
    account.uid = type(id) == "number" and id or 0
    code = C.pipe_user_find(type(id) == "string" and id or nil, account)
    room = tonumber(account.group_count)
  until code ~= C.PIPE_TOO_MUCH
  if code ~= C.PIPE_OK then
    return lookup_failed("user", id, code)
  end
  local found = { uid = account.uid, gid = account.gid, groups = {} }
  for i = 1, room do
    found.groups[i] = groups[i - 1]
  end
  return found
end

local function find_group(id)
  if type(id) == "number" then
    return id
  end
  local gid = ffi.new("unsigned[1]")
  local code = C.pipe_group_find(id, gid)
  if code ~= C.PIPE_OK then
    return lookup_failed("group", id, code)
  end
  return gid[0]
end

-- A user's id, primary group and groups, as far as the database has to be asked for them: another user than the
-- host's has its own groups, since the host's would be rights that nobody gave it.
local function user_defaults(ids)
  local uid, own_uid = ids.uid, ffi.C.pipe_effective_uid()
  if uid == nil or uid == own_uid then
    return { uid = uid }
  elseif type(uid) == "number" and ids.gid ~= nil and ids.groups ~= nil then
    return { uid = uid }
  end
  local account, message, code = find_user(uid)
  if account then
    return account.uid == own_uid and { uid = own_uid } or account
  elseif code == "ENOENT" and type(uid) == "number" then
    return { uid = uid, groups = {} }
  end
  return nil, message, code
end

local function group_ids(wanted)
  local ids = {}
  for i, id in ipairs(wanted) do
    local gid, message, code = find_group(id)
    if not gid then
      return nil, message, code
    end
    ids[i] = gid
  end
  return ids
end

local function fill(plan, uid, gid, groups)
  local core = plan.options
  if uid then
    core.uid, core.flags = uid, bit.bor(core.flags, C.PIPE_SPAWN_UID)
  end
  if gid then
    core.gid, core.flags = gid, bit.bor(core.flags, C.PIPE_SPAWN_GID)
  end
  if groups then
    plan.groups = ffi.new("unsigned[?]", #groups, groups)
    core.groups, core.group_count, core.flags = plan.groups, #groups, bit.bor(core.flags, C.PIPE_SPAWN_GROUPS)
  end
end

---Asks the user database for names, and for what was left open.
---@param plan pipe.Plan
---@return string? message
---@return string? code
function credentials.resolve(plan)
  local ids = plan.ids
  if not ids then
    return
  end
  local user, message, code = user_defaults(ids)
  if not user then
    return message, code
  end
  local gid, groups = user.gid, user.groups
  if ids.gid ~= nil then
    gid, message, code = find_group(ids.gid)
    if not gid then
      return message, code
    end
    groups = groups or gid ~= ffi.C.pipe_effective_gid() and {} or nil
  end
  if ids.groups then
    groups, message, code = group_ids(ids.groups)
    if not groups then
      return message, code
    end
  end
  fill(plan, user.uid, gid, groups)
end

return credentials
