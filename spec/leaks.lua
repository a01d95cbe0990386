--- The check at the end of every spec file: the host has the descriptors that it had, and no child, dead or alive.
local assert = require "luassert"
local libc = require "spec.libc"
local eventually = require "spec.eventually"

local leaks = {}

--- Open descriptors: number to what is behind it. (The one used for looking is closed by then and has no target.)
function leaks.descriptors()
  local open = {}
  for _, fd in ipairs(libc.entries("/proc/self/fd")) do
    open[fd] = libc.target("/proc/self/fd/" .. fd)
  end
  return open
end

--- The children of this process, zombies included, as lines of /proc/PID/stat.
function leaks.children()
  local own, found = libc.C.getpid(), {}
  for _, pid in ipairs(libc.entries("/proc")) do
    local file = pid:find("^%d+$") and io.open("/proc/" .. pid .. "/stat")
    if file then
      local stat = file:read("*l") or ""
      file:close()
      if tonumber(stat:match("^%d+ %(.*%) %a (%d+)")) == own then
        found[#found + 1] = stat:match("^%d+ %(.*%) %a")
      end
    end
  end
  return found
end

--- Collects all garbage. Compiled traces go first: they hold on to the objects that they were specialized to.
function leaks.collect()
  jit.flush()
  collectgarbage()
  collectgarbage()
end

local before

--- For `setup`.
function leaks.remember()
  leaks.collect()
  before = leaks.descriptors()
end

--- Runs the loop until the children that earlier sentences closed or dropped are dead and reaped: without pidfds they
-- keep a timer running that asks for them.
function leaks.await_children()
  leaks.collect()
  eventually(function() return #leaks.children() == 0 end)
  assert.same({}, leaks.children())
end

--- For `teardown`.
function leaks.check()
  leaks.await_children()
  assert.same(before, leaks.descriptors())
end

return leaks
