--- A FIFO that a child and its descendants hold open for writing. What they report comes through it, and it tells when
-- all of them are gone, whoever their parent is by then.
local assert = require "luassert"
local eventually = require "spec.eventually"
local libc = require "spec.libc"

local ffi = require "ffi"

local Witness = {}
Witness.__index = Witness

local buffer = ffi.new("char[4096]")

local witness = {}

local function open(path)
  local fd = libc.C.open(path, libc.O_RDONLY + libc.O_NONBLOCK, 0)
  assert.is_true(fd >= 0)
  return fd
end

--- Makes the FIFO at a path of its own. The host's end does not keep a writer from opening it, nor is it inherited.
function witness.new()
  local path = os.tmpname()
  os.remove(path)
  assert.equal(0, libc.C.mkfifo(path, 384))
  return setmetatable({ path = path, fd = open(path), text = "" }, Witness)
end

-- What is there now goes to the text: how many bytes, 0 when nobody holds the FIFO, negative when they are silent.
function Witness:look()
  local size = tonumber(libc.C.read(self.fd, buffer, ffi.sizeof(buffer)))
  if size > 0 then
    self.text = self.text .. ffi.string(buffer, size)
  end
  return size
end

-- Takes a whole line out of what has come.
function Witness:take()
  local line, rest = self.text:match("^([^\n]*)\n(.*)$")
  self.text = rest or self.text
  return line
end

--- The next line that is reported. Blocks the whole host: its loop makes no turn, no timer of it fires.
function Witness:line()
  local line = self:take()
  while not line do
    assert.is_true(libc.ready(self.fd), "nothing was reported")
    if self:look() == 0 then
      -- Its last writer has gone. An end that has seen none waits for the next.
      local fd = open(self.path)
      libc.C.close(self.fd)
      self.fd = fd
    end
    line = self:take()
  end
  return line
end

--- The same, but runs the loop meanwhile.
function Witness:line_in_loop()
  return (assert(eventually(function()
    self:look()
    return self:take()
  end), "nothing was reported"))
end

--- Does anybody hold it now?
function Witness:held()
  local size
  repeat
    size = self:look()
  until size <= 0
  return size < 0
end

--- Runs the loop until nobody holds it any more.
function Witness:abandoned()
  return eventually(function() return not self:held() end)
end

function Witness:close()
  libc.C.close(self.fd)
  os.remove(self.path)
end

return witness
