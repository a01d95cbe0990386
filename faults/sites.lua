-- The places in the sources from which the library makes calls that can fail: all of them, and those that did.

local calls = require("faults.calls")
local harmless = require("faults.harmless")
local library = require("faults.library")

-- How the table of faults names what the library's file names otherwise; several where the shim looks closer.
local NAMES = {
  _Znwm = { "new" }, _ZnwmRKSt9nothrow_t = { "new" }, __clone = { "clone" }, syscall = { "pwritev2" },
  open = { "open", "open_self" },
  waitid = { "waitid", "P_PIDFD" }, ioctl = { "TIOCGPTPEER", "TIOCSWINSZ", "PIDFD_GET_INFO" },
}

local Sites = {}
Sites.__index = Sites

local sites = {}

local function names_of(import)
  return NAMES[import] or { import }
end

local function is_listed(import)
  return calls[names_of(import)[1]] ~= nil
end

---@param path string the library's file
function sites.new(path)
  local self = setmetatable({ path = path, places = {}, expected = {}, failed = {} }, Sites)
  local addresses = {}
  for address, import in pairs(library.calls(path)) do
    if import == "syscall" or is_listed(import) then
      addresses[#addresses + 1] = address
    end
  end
  self.places = library.places(path, addresses)
  for _, place in pairs(self.places) do
    self.expected[place] = true
  end
  return self
end

---The library's functions that are neither in the table of faults nor harmless.
---@return string[]
function Sites:unlisted()
  local list = {}
  for _, import in ipairs(library.imports(self.path)) do
    if not is_listed(import) and not harmless(import) then
      list[#list + 1] = import
    end
  end
  return list
end

---@param address string
---@return string place "file:line"; the address where that is not known
function Sites:place(address)
  if not self.places[address] then
    self.places[address] = library.places(self.path, { address })[address] or address
  end
  return self.places[address]
end

---A call has failed here, or one that is harmless has come by.
function Sites:reached(address)
  self.failed[self:place(address)] = true
end

---Where no call ever failed.
---@return string[]
---@return integer count of all places
function Sites:missed()
  local list, count = {}, 0
  for place in pairs(self.expected) do
    count = count + 1
    if not self.failed[place] then
      list[#list + 1] = place
    end
  end
  table.sort(list)
  return list, count
end

return sites
