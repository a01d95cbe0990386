--- Runs Lua scripts in Neovim, without a screen, with the library under test.
local host = require "spec.host"

local neovim = {}

-- For the script: say() prints, quit() ends the editor. What is thrown, at once or in a callback, ends it as well.
local frame = [[
  local function say(...)
    io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), "\t"), "\n")
    io.stdout:flush()
  end
  local function quit()
    vim.cmd("qa!")
  end
  local function fail(text)
    io.stderr:write(tostring(text), "\n")
    vim.cmd("cquit")
  end
  vim.defer_fn(function() fail("the script has not ended") end, 60000)
  local ok, err = xpcall(assert(loadstring(%q, "=script")), debug.traceback, say, quit)
  if not ok then fail(err) end
]]

--- Runs a script, which gets say() and quit() as its arguments: what it printed and how it ended.
function neovim.run(script, variables)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(host.prelude, (frame:format("local say, quit = ... " .. script)))
  file:close()
  local args = { "nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", "luafile " .. path }
  local result = host.finish(host.start_program(args, variables))
  os.remove(path)
  return result
end

--- Runs a script that must end well and say nothing on stderr; returns what it printed.
function neovim.output(script, variables)
  return host.printed(neovim.run(script, variables))
end

return neovim
