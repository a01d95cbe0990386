-- As bench/pipe/run.lua, by lua-resty-shell. COUNT WHAT
package.path = package.path .. ";bench/?.lua"
local shell = require("resty.shell")

return require("commands")({ ... }, {
  program = function() return shell.run({ "/bin/echo", "hi" }) end,
  shell = function() return shell.run("echo hi") end,
})
