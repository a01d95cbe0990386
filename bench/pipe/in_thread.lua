-- Runs another PROGRAM of this folder in a light thread instead of the main chunk.
package.path = package.path .. ";bench/?.lua"
local pipe = require("pipe")

local program = assert(loadfile(("bench/pipe/%s.lua"):format((...))))
local th = pipe.thread.spawn(program, select(2, ...))
assert(pipe.thread.wait(th))
