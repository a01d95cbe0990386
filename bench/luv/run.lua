-- run COUNT WHAT: as bench/pipe/run.lua.
package.path = package.path .. ";bench/?.lua"
local commands = require("commands")
local report = require("report")
local uv = require("luv")

local function run(program, args)
  local ends = { uv.new_pipe(false), uv.new_pipe(false) }
  local outputs, handle, ok = { {}, {} }, nil, nil
  handle = assert(uv.spawn(program, { args = args, stdio = { nil, ends[1], ends[2] } }, function(code, signum)
    ok = code == 0 and signum == 0
    handle:close()
  end))
  for i, stream in ipairs(ends) do
    local pieces = outputs[i]
    stream:read_start(function(err, data)
      assert(not err, err)
      if data then
        pieces[#pieces + 1] = data
      else
        stream:close()
      end
    end)
  end
  uv.run() -- until all is closed
  return ok, table.concat(outputs[1]), table.concat(outputs[2])
end

report(commands(arg, {
  program = function() return run("/bin/echo", { "hi" }) end,
  shell = function() return run("/bin/sh", { "-c", "--", "echo hi" }) end,
}))
