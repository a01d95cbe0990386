-- A program from its start to its end, in one call; by a shell as well.
local attempt = require("faults.attempt")

local function run(pipe, args, opts)
  local res = attempt.call(pipe.run, args, opts)
  if res.error then
    assert(not res.ok)
    attempt.told(res.error .. ", " .. res.code)
  end
  return res
end

return function(pipe)
  local res = run(pipe, "cat; echo err >&2", { input = "text" })
  assert(res.stdout == "text" or attempt.shows_as("closed"))
  assert(res.stderr == "err\n" and res.status == 0, res.reason)
  local pieces = {}
  res = run(pipe, { "/bin/cat" }, { input = ("x"):rep(2 ^ 17), on_stdout = function(piece)
    pieces[#pieces + 1] = piece
  end })
  assert(#table.concat(pieces) == 2 ^ 17 or attempt.shows_as("closed"))
  assert(res.status == 0, res.reason)
end
