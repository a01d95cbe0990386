-- What became of all runs, by call and errno.

local calls = require("faults.calls")

local COLUMNS = {
  "EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EINTR", "ENOSYS", "EPERM", "ECHILD", "EIO", "ENOSPC", "EPIPE", "EINVAL",
  "EBUSY", "EOPNOTSUPP",
}

local Matrix = {}
Matrix.__index = Matrix

local matrix = {}

function matrix.new()
  return setmetatable({ cells = {}, runs = 0 }, Matrix)
end

---@param outcome "told"|"survived"|"aborted"|"wrong"
function Matrix:add(call, errno, outcome)
  local row = self.cells[call] or {}
  self.cells[call] = row
  local cell = row[errno] or { told = 0, survived = 0, aborted = 0, wrong = 0 }
  row[errno] = cell
  cell[outcome] = cell[outcome] + 1
  self.runs = self.runs + 1
end

local function text(cell)
  if not cell then
    return ""
  end
  local shown = ("%d/%d"):format(cell.told, cell.told + cell.survived + cell.aborted + cell.wrong)
  return shown .. (cell.aborted > 0 and "a" or "") .. (cell.wrong > 0 and "!" or "")
end

local function sorted_names()
  local names = {}
  for name in pairs(calls) do
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    local of_libuv = (a:find(":") and 1 or 0) - (b:find(":") and 1 or 0)
    return of_libuv < 0 or of_libuv == 0 and a < b
  end)
  return names
end

---Listed calls and errnos that never failed.
---@param is_root boolean
---@return string[]
function Matrix:missed(is_root)
  local list = {}
  for _, name in ipairs(sorted_names()) do
    for _, errno in ipairs(calls[name][1]) do
      -- What libuv calls is another thing in each of its versions.
      local expected = not name:find(":") and (is_root or not calls[name].root)
      if expected and not (self.cells[name] and self.cells[name][errno]) then
        list[#list + 1] = name .. " " .. errno
      end
    end
  end
  return list
end

function Matrix:print()
  local format = "%-21s" .. (" %8s"):rep(#COLUMNS)
  print(format:format("errors told/runs", unpack(COLUMNS)))
  for _, name in ipairs(sorted_names()) do
    local row = {}
    for i, errno in ipairs(COLUMNS) do
      row[i] = text(self.cells[name] and self.cells[name][errno])
    end
    print((format:format(name, unpack(row)):gsub("%s+$", "")))
  end
  print("told: an errno's name came out, or a word of the contract; the others found another way. a: libuv aborted.")
end

return matrix
