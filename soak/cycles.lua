--- One child after the other: each is started, spoken to, answers, ends, and is waited for. Nothing is closed by hand.
local batches = require "soak.batches"
local expect = require "soak.expect"
local patient = require "soak.patient"

local BATCHES = 20

local function cycle(number)
  local proc = patient.spawn({ "cat" })
  local line = ("line %d"):format(number)
  expect.words(#line + 1, proc:write({ line, "\n" }))
  expect.words(line, proc:stdout_read_line())
  proc:shutdown("stdin")
  expect.bytes("", proc:stdout_read_all())
  expect.words("true exit 0", proc:wait())
end

return function(count)
  local each = math.ceil(count / BATCHES)
  return batches("cycles", function()
    for number = 1, each do
      cycle(number)
    end
    return each
  end, function(done) return done >= count end)
end
