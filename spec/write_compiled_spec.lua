-- proc:write in code that LuaJIT has compiled. An allocation that a trace did without must be as it was meant to be
-- when the trace is left; LuaJIT 2.1 gets that wrong for arrays of variable length.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

-- The loop gets hot with the first of these, and then writes the second.
local mixtures = {
  ["an empty string, then a string"] = { "", "line\n" },
  ["an empty array, then a string"] = { {}, "line\n" },
  ["an empty string, then an array"] = { "", { "li", "ne\n" } },
  ["an empty array, then an array"] = { {}, { "li", "", "ne\n" } },
  ["an array of nothing, then an array"] = { { "", "" }, { "li", "ne\n" } },
  ["a string, then an empty one"] = { "line\n", "" },
}

describe("proc:write in hot code", function()
  for name, mixture in pairs(mixtures) do
    for _, place in ipairs(places) do
      it("writes " .. name .. ", in " .. place.name, function()
        place.run(function()
          local pieces, expected = {}, {}
          for index = 1, 101 do
            pieces[index] = mixture[index == 101 and 2 or 1]
            expected[index] = type(pieces[index]) == "table" and table.concat(pieces[index]) or pieces[index]
          end
          expected = table.concat(expected)
          local proc = assert(pipe.spawn({ "cat" }))
          for _ = 1, 50 do
            for index = 1, 101 do
              proc:write(pieces[index])
            end
            assert.equal(expected, proc:stdout_read_bytes(#expected))
          end
        end)
      end)
    end
  end
end)
