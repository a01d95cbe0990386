--- Children on a terminal of their own.
local assert = require "luassert"
local pipe = require "pipe"

local terminal = {}

--- Starts a child; `size` is the option pty, true by default.
function terminal.start(args, size, options)
  options = options or {}
  options.pty = size or true
  return assert(pipe.spawn(args, options))
end

--- What a child that ends well shows, with the line ends of files.
function terminal.shown(args, size, options)
  local proc = terminal.start(args, size, options)
  local text = proc:stdout_read_all()
  assert.same({ true, "exit", 0 }, { proc:wait() })
  return (text:gsub("\r\n", "\n"))
end

return terminal
