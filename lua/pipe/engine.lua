-- Owns the Lua state's one loop in the core, and the tokens that are out on it: small numbers that stand for whoever
-- waits. It knows nothing about coroutines.

local ffi = require("ffi")
local C = require("pipe.clib")
local status = require("pipe.status")

local engine = {
  outstanding = 0,             -- how many tokens are out
  LONGEST_STRING = 0x7fffff00, -- what LuaJIT can make of one read
}

local loop                     ---@type ffi.cdata*?
local waiting = {}             -- token → who waits
local free_tokens = {}
local highest_token = 0

---Called with who waited, after a fork of the host: the parent's operations will never end here.
---@type fun(orphans: table[])
function engine.on_fork() end

local function forget_parent()
  local orphans = {}
  for _, waiter in pairs(waiting) do
    waiter.token = nil
    orphans[#orphans + 1] = waiter
  end
  loop = nil
  waiting, free_tokens, highest_token = {}, {}, 0
  engine.outstanding = 0
  engine.on_fork(orphans)
end

---The loop, if there is one already.
---@return ffi.cdata*? loop
function engine.opened()
  if loop and C.pipe_loop_alive(loop) == 0 then
    forget_parent()
  end
  return loop
end

---The loop, opened at its first use, and once more in a forked copy of the host.
---@return ffi.cdata*? loop
---@return string? message
---@return string? code
function engine.open()
  if engine.opened() then
    return loop
  end
  local out = ffi.new("pipe_loop *[1]")
  local code = C.pipe_loop_open(engine.LONGEST_STRING, out)
  if code ~= C.PIPE_OK then
    return nil, status.describe(code)
  end
  loop = ffi.gc(out[0], C.pipe_loop_close)
  return loop
end

---A token that will wake `waiter`.
---@param waiter table
---@return integer token
function engine.take_token(waiter)
  local count = #free_tokens
  local token = free_tokens[count]
  if token then
    free_tokens[count] = nil
  else
    token = highest_token + 1
    highest_token = token
  end
  engine.outstanding = engine.outstanding + 1 -- first: a debug hook may break this off, and no deadlock must be told
  waiting[token] = waiter
  waiter.token = token
  return token
end

---Takes back the token of `waiter`, if it is still out. The core must have been told first.
---@param waiter table
function engine.release_token(waiter)
  local token = waiter.token
  if token then
    waiter.token = nil
    waiting[token] = nil
    free_tokens[#free_tokens + 1] = token
    engine.outstanding = engine.outstanding - 1
  end
end

local function hand_out(token, wake)
  local waiter = waiting[token]
  engine.release_token(waiter)
  wake(waiter)
end

local function hand_out_rest(token, wake)
  repeat
    hand_out(token, wake)
    token = C.pipe_loop_next(loop)
  until token == 0
end

---One turn of the core's loop, if there is one, then `wake` for everybody whose operation has ended.
---@param kind integer of enum pipe_turn
---@param wake fun(waiter: table)
function engine.turn(kind, wake)
  local ended = loop and C.pipe_loop_run(loop, kind) or 0
  if ended == 0 then
    return
  elseif ended < 0 then
    engine.opened() -- forgets the parent's
    return
  end
  -- The first one without a loop: it is the only one when somebody alone waits, and a trace ends at an inner loop.
  hand_out(C.pipe_loop_next(loop), wake)
  local token = C.pipe_loop_next(loop)
  if token ~= 0 then
    hand_out_rest(token, wake)
  end
end

return engine
