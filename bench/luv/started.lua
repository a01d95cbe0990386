-- Starts a child with three pipes, as most users of luv do.
local uv = require("luv")

--- Starts `program`. Returns the three pipes. When the child has ended, its handle and its stdin are closed.
return function(program, arguments)
  local stdin, stdout, stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local process, err
  process, err = uv.spawn(program, { args = arguments, stdio = { stdin, stdout, stderr } }, function(code, signal)
    process:close()
    stderr:close()
    if not stdin:is_closing() then stdin:close() end
    assert(code == 0 and signal == 0, program .. " failed")
  end)
  assert(process, err)
  return stdin, stdout
end
