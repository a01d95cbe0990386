--- What an operation must answer. The error of one that does not is short, however long the answer.
local expect = {}

local LONGEST = 200

local function shown(text)
  local cut = #text > LONGEST and ("... (%d bytes)"):format(#text) or ""
  return ("%q"):format(text:sub(1, LONGEST)) .. cut
end

--- The values, as words, are this text, or this number.
function expect.words(expected, ...)
  local words = {}
  for index = 1, select("#", ...) do
    words[index] = tostring((select(index, ...)))
  end
  local found = table.concat(words, " ")
  expected = tostring(expected)
  if found ~= expected then
    error(("expected %s, found %s"):format(shown(expected), shown(found)), 2)
  end
end

--- Both strings are the same.
function expect.bytes(expected, found, message)
  if expected == found then
    return
  elseif type(found) ~= "string" then
    error(("expected %s, found %s, %s"):format(shown(expected), tostring(found), tostring(message)), 2)
  end
  local at = 1
  while expected:byte(at) == found:byte(at) do
    at = at + 1
  end
  error(("%d bytes expected, %d found; at %d stands %s instead of %s"):format(#expected, #found, at,
    shown(found:sub(at, at + 20)), shown(expected:sub(at, at + 20))), 2)
end

function expect.truth(condition, what)
  if not condition then
    error(what, 2)
  end
end

return expect
