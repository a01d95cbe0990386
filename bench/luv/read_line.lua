-- Reads the LINES lines of a PROGRAM, LENGTH bytes without their ends, cutting them out of what comes.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local child = require("child")
local clock = require("clock")
local started = require("started")
local uv = require("luv")

-- What is to be called with every chunk; it calls `each` with every line.
local function splitter(each)
  local rest = ""
  return function(chunk)
    local from = 1
    local newline = chunk:find("\n", 1, true)
    if newline and rest ~= "" then
      each(rest .. chunk:sub(1, newline - 1))
      rest, from = "", newline + 1
      newline = chunk:find("\n", from, true)
    end
    while newline do
      each(chunk:sub(from, newline - 1))
      from = newline + 1
      newline = chunk:find("\n", from, true)
    end
    rest = rest .. chunk:sub(from)
  end
end

local lines, length, program = ...
local wall, cpu = clock.wall(), clock.cpu()

local count, sum = 0, 0
local split = splitter(function(line)
  count = count + 1
  sum = sum + #line
end)
local _, stdout = started(child(program), { select(4, ...) })
stdout:read_start(function(err, chunk)
  assert(not err, err)
  if chunk then
    split(chunk)
  else
    stdout:close()
  end
end)
uv.run()
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(count == tonumber(lines) and sum == tonumber(length), count)

clock.report("million_s", count / 1e6 / wall)
clock.report("cpu_s", cpu)
