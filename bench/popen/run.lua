-- run COUNT WHAT: as bench/pipe/run.lua; but the command's stderr stays the host's.
package.path = package.path .. ";bench/?.lua"
local commands = require("commands")
local report = require("report")

local function run(command)
  local file = assert(io.popen(command))
  local stdout = file:read("*a")
  return file:close(), stdout, ""
end

report(commands(arg, {
  program = function() return run("/bin/echo hi") end,
  shell = function() return run("echo hi") end,
}))
