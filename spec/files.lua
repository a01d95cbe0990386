--- Files of a spec's own, in a directory that is made for it.
local ffi = require "ffi"
local libc = require "spec.libc"

local files = {}

--- Makes an empty directory, and returns its path.
function files.directory()
  local template = ffi.new("char[?]", 32, "/tmp/pipe_spec.XXXXXX")
  assert(libc.C.mkdtemp(template) ~= nil)
  return ffi.string(template)
end

--- Removes it with all that is in it.
function files.remove(directory)
  assert(directory:find("^/tmp/pipe_spec%."))
  os.execute("rm -r " .. directory)
end

--- Makes a file with this text, and perhaps this mode.
function files.write(path, text, mode)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  if mode then
    assert(libc.C.chmod(path, mode) == 0)
  end
  return path
end

--- The text in a file, or nil if there is none.
function files.read(path)
  local file = io.open(path)
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

--- The same path, relative to the host's directory.
function files.relative(path)
  local _, depth = libc.target("/proc/self/cwd"):gsub("/.", "")
  return ("../"):rep(depth) .. path:sub(2)
end

return files
