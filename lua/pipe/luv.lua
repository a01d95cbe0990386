-- pipe.luv: life inside libuv's loop, in Neovim too. It watches pipe.loop.fd(); a coroutine waits by a plain yield, and
-- is resumed from a callback of that loop.

local foreign = require("pipe.foreign")
local scheduler = require("pipe.scheduler")

local running, resume, yield = coroutine.running, coroutine.resume, coroutine.yield

-- In Neovim, where a callback of libuv must not touch the editor, calls come from its own queue.
local vim = rawget(_G, "vim")
local editor_schedule = type(vim) == "table" and vim.schedule

-- Nobody's light thread, also where one is on the stack that runs the other loop itself.
local function resume_outside(co)
  local before = scheduler.current
  scheduler.current = nil
  local ok, err = resume(co)
  scheduler.current = before
  return ok, err
end

-- The coroutines that are to be resumed, in the order in which they were woken. `soon` has the other loop call a
-- function; nobody asks it to while he is `about_to` call resume_all() himself.
local function new_queue(soon)
  local queue = { first = 1, last = 0, about_to = false }

  function queue.call_soon()
    queue.about_to = true
    soon(queue.resume_all)
  end

  function queue.push(waiter)
    queue.last = queue.last + 1
    queue[queue.last] = waiter
    if not queue.about_to then
      queue.call_soon()
    end
  end

  -- Those that are there now: who wake each other again and again must not keep the other loop from going on. What one
  -- of them throws is thrown on, as from any callback, and the others have their turn later.
  function queue.resume_all()
    queue.about_to = false
    local last = queue.last
    while queue.first <= last do
      local waiter = queue[queue.first]
      queue[queue.first] = nil
      queue.first = queue.first + 1
      local co = waiter.coroutine
      if co then -- not resumed by somebody else since
        local ok, err = resume_outside(co)
        if not ok then
          if not queue.about_to then
            queue.call_soon()
          end
          error(debug.traceback(co, err), 0)
        end
      end
    end
  end

  return queue
end

local function wait(waiter)
  waiter.coroutine = running()
  yield()
  waiter.coroutine = nil
end

-- luv module → the handles of an adapter that was detached, for the next one. They are not closed: in a program that
-- ends before its loop has run again, luv crashes over a handle that was.
local spare = {}

local function open_handles(uv, fd)
  local handles = spare[uv]
  spare[uv] = nil
  if handles and handles.fd == fd then
    return handles
  end
  local poll, message, code = uv.new_poll(fd)
  if not poll then
    return nil, message, code
  end
  return { fd = fd, poll = poll, timer = not editor_schedule and uv.new_timer() }
end

local function start(uv, fd)
  local handles, message, code = open_handles(uv, fd)
  if not handles then
    return nil, message, code
  end
  local poll, timer = handles.poll, handles.timer
  local carrier = { wait = wait }
  local queue = new_queue(editor_schedule or function(f)
    if not carrier.closed then
      timer:start(0, 0, f)
    end
  end)

  local function turn()
    queue.about_to = true
    local ok, err = pcall(scheduler.step)
    if not ok then -- from a debug hook
      queue.call_soon()
      error(err, 0)
    end
    queue.resume_all()
  end

  local watch
  if editor_schedule then
    -- Not watched in between: the descriptor stays readable until the editor finds the time. But watched during the
    -- step: what runs in it may run the editor's loop, with vim.wait() or a question to the user.
    local function scheduled()
      if not carrier.closed then
        poll:start("r", watch)
        turn()
      end
    end
    watch = function(err)
      assert(not err, err)
      poll:stop()
      editor_schedule(scheduled)
    end
  else
    watch = function(err)
      assert(not err, err)
      turn()
    end
  end

  carrier.woken = queue.push
  function carrier.keep(busy)
    if busy then
      poll:ref()
    else
      poll:unref()
    end
  end
  function carrier.close()
    poll:stop()
    if timer then
      timer:stop()
    end
    spare[uv] = handles
  end
  poll:start("r", watch)
  return carrier
end

local adapter = foreign.adapter("pipe.luv", start)

local luv = {}

---From now on a call that waits yields the coroutine that it stands in, and that one is resumed from libuv's loop; on
---the main stack such a call throws. In Neovim it is resumed where `vim.api` may be called. A second call is harmless;
---throws while another adapter is attached. Never yields.
---@param uv table? the luv module; by default Neovim's, else require("luv")
---@return true? ok
---@return string? message when the system has no descriptors left
---@return string? code the errno's name
function luv.attach(uv)
  return adapter.attach(uv or editor_schedule and (vim.uv or vim.loop) or require("luv"))
end

---Undoes attach(): calls that wait drive our loop again. Who waits already is still resumed from libuv's. Never yields.
---@return true
function luv.detach()
  return adapter.detach()
end

return luv
