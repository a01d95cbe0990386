-- The library as its file tells of it: which functions it calls, from which lines.

local library = {}

local function lines(command, ...)
  local list = assert(io.popen(command:format(...)))
  return function()
    local line = list:read("*l")
    if not line then
      list:close()
    end
    return line
  end
end

---libc's and libstdc++'s functions that it calls.
---@param path string
---@return string[]
function library.imports(path)
  local names = {}
  for line in lines("nm -D --undefined-only '%s'", path) do
    names[#names + 1] = line:match("U ([^@%s]+)")
  end
  return names
end

---Each call of another library's function, and each system call: the address behind it, and what is called ("syscall"
---for a system call).
---@param path string
---@return table<string, string>
function library.calls(path)
  local found, last = {}, nil
  for line in lines("objdump -d --no-show-raw-insn '%s'", path) do
    local address, instruction = line:match("^%s*(%x+):%s*(.-)%s*$")
    if address then
      if last then
        found[address] = last
      end
      last = instruction:match("^call.*<([^>]+)@plt>") or instruction:match("^bl%s.*<([^>]+)@plt>")
        or (instruction:match("^syscall") or instruction:match("^svc")) and "syscall"
    end
  end
  return found
end

-- What is just a wrapping of a call: it is the lines that ask for it which have to be gone through.
local WRAPPINGS = { "raw_syscall", "move_above_stdio" }

local function is_wrapping(name)
  for _, wrapping in ipairs(WRAPPINGS) do
    if name:find(wrapping, 1, true) then
      return true
    end
  end
end

-- Of the functions that were compiled into one another, the innermost that is no wrapping. A name and a line for each.
local function place_of(frames)
  for i = 1, #frames, 2 do
    local file, number = frames[i + 1]:match("/csrc/([^/:]+):(%d+)")
    if file and not is_wrapping(frames[i]) then
      return file .. ":" .. number
    end
  end
end

---The source lines of addresses that calls return to.
---@param path string
---@param addresses string[]
---@return table<string, string> places "file:line"; nothing for those of other libraries' templates
function library.places(path, addresses)
  local names = os.tmpname()
  local file = assert(io.open(names, "w"))
  for _, address in ipairs(addresses) do
    file:write(("%x\n"):format(tonumber(address, 16) - 1)) -- within the call
  end
  file:close()
  local places, frames, index = {}, {}, 0
  local function finish()
    if index > 0 then
      places[addresses[index]] = place_of(frames)
    end
    frames, index = {}, index + 1
  end
  for line in lines("addr2line -a -f -i -e '%s' @'%s'", path, names) do
    if line:match("^0x%x+$") then
      finish()
    else
      frames[#frames + 1] = line
    end
  end
  finish()
  os.remove(names)
  return places
end

return library
