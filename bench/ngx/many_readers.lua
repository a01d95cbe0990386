-- As bench/pipe/many_readers.lua. CHILDREN
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("ngx.pipe")

local children = tonumber((...))
local program = child("child_mebibyte")
local wall, cpu = clock.wall(), clock.cpu()

local sum, ended = 0, 0
local function read()
  local proc = assert(pipe.spawn({ program }, { buffer_size = 65536 }))
  local data = assert(proc:stdout_read_all())
  assert(proc:wait())
  sum = sum + #data
  ended = ended + 1
end
local threads = {}
for i = 1, children do threads[i] = assert(ngx.thread.spawn(read)) end
for i = 1, children do assert(ngx.thread.wait(threads[i])) end
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(ended == children and sum == children * 2 ^ 20, ended)

return { ms = wall * 1e3, cpu_ms = cpu * 1e3 }
