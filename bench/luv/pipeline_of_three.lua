-- Sends BYTES bytes through three programs.
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local uv = require("luv")

local bytes = ...
local wall = clock.wall()

local ended = 0
local function start(program, arguments, stdin, stdout)
  local process, err
  process, err = uv.spawn(child(program), { args = arguments, stdio = { stdin, stdout, 2 } }, function(code, signal)
    process:close()
    assert(code == 0 and signal == 0, program .. " failed")
    ended = ended + 1
  end)
  assert(process, err)
end

-- Kernel pipes, blocking; libuv gives them to the children, and our ends have to go.
local first, second = assert(uv.pipe()), assert(uv.pipe())
start("child_blocks", { bytes }, 0, first.write)
uv.fs_close(first.write)
start("cat", {}, first.read, second.write)
uv.fs_close(first.read)
uv.fs_close(second.write)
start("child_discard", { bytes }, second.read, 1)
uv.fs_close(second.read)
uv.run()
assert(ended == 3)

clock.report("wall_s", clock.wall() - wall)
