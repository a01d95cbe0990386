-- How a scenario calls the library: what the planned fault makes fail must say so, and must work at the second try.

local ffi = require("ffi")
local calls = require("faults.calls")
local errnos = require("faults.errnos")
local libc = require("faults.libc")

ffi.cdef("int faults_injected(void);")

local attempt = {}

---Thrown where a clear answer says that trying again is useless.
attempt.OVER = setmetatable({}, { __tostring = function() return "the scenario is over" end })

---For xpcall().
function attempt.traced(thrown)
  return thrown == attempt.OVER and thrown or debug.traceback(thrown)
end

---Runs `f`, then `clean` in any case.
function attempt.finally(f, clean)
  local good, problem = xpcall(f, attempt.traced)
  clean()
  if not good then
    error(problem, 0)
  end
end

---Waits for a light thread, and throws what it has thrown.
function attempt.join(pipe, thread)
  local ok, err = pipe.thread.wait(thread)
  if not ok then
    error(err, 0)
  end
end

local planned ---@type { call: string, errno: string }
local blamed = false -- something has failed by the fault

---@param call string
---@param errno string
function attempt.plan(call, errno)
  planned = { call = call, errno = errno }
end

local function shown(results)
  local list = {}
  for i = 1, results.n do
    list[i] = tostring(results[i])
  end
  return table.concat(list, ", ")
end

local function holds(results, word)
  for i = 2, results.n do
    if results[i] == word then
      return true
    end
  end
end

local function blame(text)
  if ffi.C.faults_injected() == 0 or blamed then
    error("it failed without a fault: " .. text, 0)
  end
  blamed = true
  print("@error " .. text:gsub("\n", " "))
end

-- Whether the results say what the fault was; and whether trying again is useless.
local function told_clearly(results)
  local words = calls[planned.call] and calls[planned.call].words or {}
  for _, word in ipairs(words[planned.errno] or {}) do
    if holds(results, word) then
      return true, true
    end
  end
  local text = errnos[planned.errno] and ffi.string(libc.C.strerror(errnos[planned.errno]))
  return text and holds(results, planned.errno) and tostring(results[2]):sub(-#text) == text
end

local function pack(...)
  return { n = select("#", ...), ... }
end

local function try(is_good, f, ...)
  local results = pack(f(...))
  if is_good(results) then
    return unpack(results, 1, results.n)
  end
  blame(shown(results))
  local clearly, useless = told_clearly(results)
  if not clearly then
    error("no clear answer: " .. shown(results), 3)
  elseif useless then
    error(attempt.OVER)
  end
  results = pack(f(...))
  if not is_good(results) then
    error("it failed again: " .. shown(results), 3)
  end
  return unpack(results, 1, results.n)
end

---Calls `f`, which answers nil for a failure.
function attempt.call(f, ...)
  return try(function(results) return results[1] ~= nil end, f, ...)
end

---Calls the method of a process.
function attempt.method(proc, name, ...)
  return attempt.call(proc[name], proc, ...)
end

---Calls `f`, which has to fail with this word or errno.
function attempt.refused(word, f, ...)
  return try(function(results) return results[1] == nil and holds(results, word) end, f, ...)
end

---Sleeps, which answers nothing when it works.
function attempt.sleep(pipe, seconds)
  return try(function(results) return results[2] == nil end, pipe.sleep, seconds)
end

---Writes all of `data`, also where a part of it has gone out before the fault.
function attempt.write(proc, data)
  if type(data) == "table" then
    return attempt.method(proc, "write", data)
  end
  local done = 0
  attempt.call(function()
    local size, message, sent, code = proc:write(data:sub(done + 1))
    done = done + (size or sent or 0)
    return size, message, sent, code
  end)
  assert(done == #data, "bytes were lost")
end

---Reads stdout to its end. What a failed read has shown has come, and is gone from the stream.
function attempt.read_all(proc)
  local pieces = {}
  repeat
    local piece
    attempt.call(function()
      local data, message, partial, code = proc:stdout_read_all()
      piece = data
      pieces[#pieces + 1] = data or partial
      return data, message, code
    end)
  until piece
  return table.concat(pieces)
end

---Whether the fault may show as this word, and has come.
function attempt.shows_as(word)
  local words = calls[planned.call] and calls[planned.call].words or {}
  for _, known in ipairs(words[planned.errno] or {}) do
    if known == word then
      return ffi.C.faults_injected() == 1
    end
  end
end

---A child that has given back what was written to it.
function attempt.echo(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" })
  attempt.write(proc, "text")
  assert(attempt.method(proc, "stdout_read_any", 10) == "text")
  return proc
end

---The answer tells, in words that have no errno, that something has failed: it must have been the fault.
function attempt.told(text)
  blame(text)
  error(attempt.OVER)
end

return attempt
