-- run COUNT WHAT: runs a command, and collects both outputs. WHAT: "program" or "shell".
package.path = package.path .. ";bench/?.lua"
local commands = require("commands")
local report = require("report")
local pipe = require("pipe")

local ways = {
  program = function()
    local res = assert(pipe.run({ "/bin/echo", "hi" }))
    return res.ok, res.stdout, res.stderr
  end,
  shell = function() return pipe.shell.run("echo hi") end,
}

report(commands(arg, ways))
