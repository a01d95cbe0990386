-- What the writers write, again and again: 64 strings of 64 KiB that differ.
local SIZE = 64 * 1024

local unlike_blocks = { SIZE = SIZE }
for i = 1, 64 do unlike_blocks[i] = ("%08x"):format(i * 0x1000193 % 2 ^ 32):rep(SIZE / 8) end

return unlike_blocks
