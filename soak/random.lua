--- Numbers and bytes at random, the same ones in every run: from a seed and an operation's number.
local bit = require "bit"

local Random = {}
Random.__index = Random

local random = {}

--- A source of its own for each operation: what one draws does not depend on the others.
function random.from(seed, number)
  local self = setmetatable({ state = bit.bxor(seed * 40503 + 1, bit.bswap(number * 30011 + 7)) }, Random)
  if self.state == 0 then
    self.state = 1
  end
  for _ = 1, 8 do
    self:below(1)
  end
  return self
end

--- 0 to `count` - 1.
function Random:below(count)
  local state = self.state -- Marsaglia's xorshift
  state = bit.bxor(state, bit.lshift(state, 13))
  state = bit.bxor(state, bit.rshift(state, 17))
  state = bit.bxor(state, bit.lshift(state, 5))
  self.state = state
  return state % 2 ^ 32 % count
end

function Random:between(least, most)
  return least + self:below(most - least + 1)
end

--- True once in so many times.
function Random:once_in(count)
  return self:below(count) == 0
end

function Random:one_of(list)
  return list[self:between(1, #list)]
end

--- A size of which most are small and some are large.
function Random:size(most)
  return self:below(math.floor(most / 4 ^ self:below(6)) + 1)
end

-- Bytes of which many are line ends, or nearly so.
local function make_bytes(size)
  local source = random.from(1, 1)
  local pieces = { "\r", "\n", "\r\n", "\n", "\0", "x", "yy", "\255\1'\"$", ("z"):rep(60), ("line "):rep(50) }
  local made, length = {}, 0
  while length < size do
    local piece = source:one_of(pieces)
    made[#made + 1] = piece
    length = length + #piece
  end
  return table.concat(made)
end

local LARGEST = 2 ^ 20
local bytes = make_bytes(2 * LARGEST)

--- So many bytes, at most a mebibyte.
function Random:bytes(size)
  local skip = self:below(LARGEST)
  return bytes:sub(skip + 1, skip + size)
end

return random
