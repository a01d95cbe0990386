--- Runs examples/foreman.lua as a person would, in a folder of the spec's own, and reads what it shows.
local assert = require "luassert"
local files = require "spec.files"
local host = require "spec.host"
local libc = require "spec.libc"
local witness = require "spec.witness"

local Foreman = {}
Foreman.__index = Foreman

local foreman = {}

local here = libc.target("/proc/self/cwd")

local function absolute(paths)
  return ((";" .. paths):gsub(";%./", ";" .. here .. "/"):sub(2))
end

--- An empty folder, and a FIFO: who holds it is seen until it is gone. Its path is also the variable FIFO.
function foreman.new()
  return setmetatable({ folder = files.directory(), watch = witness.new() }, Foreman)
end

function Foreman:remove()
  self.watch:close()
  files.remove(self.folder)
end

function Foreman:path(name)
  return self.folder .. "/" .. name
end

--- Writes a file. "HELD" in it becomes the FIFO's path.
function Foreman:write(name, text)
  return files.write(self:path(name), (text:gsub("HELD", self.watch.path)))
end

--- Starts it in the folder. `words` may have a `script` and a `through`, as host.interpret() has them.
function Foreman:start(words, variables, options)
  local environment = { NO_COLOR = false, PORT = false, FIFO = self.watch.path }
  environment.LUA_PATH, environment.LUA_CPATH = absolute(package.path), absolute(package.cpath)
  for name, value in pairs(variables or {}) do
    environment[name] = value
  end
  options = options or {}
  options.cwd = options.cwd or self.folder
  local args = { script = words.script, through = words.through, here .. "/examples/foreman.lua", unpack(words) }
  return host.interpret(args, environment, options)
end

--- Starts it, and follows it to its end: stdout, stderr, reason, status.
function Foreman:finish(words, variables, options)
  return host.finish(self:start(words, variables, options))
end

--- A line that it shows: the process's name and the text. Colours, and a Ctrl-C that a terminal echoes when it
-- has sent the signal, do not count.
function foreman.parts(line)
  return line:gsub("\27%[%d+m", ""):gsub("%^C", ""):match("%d%d:%d%d:%d%d (%S+) *| (.*)$")
end

--- Reads on until a process (or "system") says what matches the pattern; returns the match.
function foreman.await(proc, name, pattern)
  while true do
    local line = assert(proc:stdout_read_line(), "never said: " .. name .. " " .. pattern)
    local who, text = foreman.parts(line)
    local found = who == name and text:match(pattern)
    if found then
      return found
    end
  end
end

--- Reads on to the end: what each of them said, by name, as one text; and the exit status.
function foreman.rest(proc)
  local lines = {}
  for line in proc:stdout_lines() do
    local name, text = foreman.parts(line)
    assert(name, "no line of ours: " .. line)
    lines[name] = lines[name] or {}
    table.insert(lines[name], text .. "\n")
  end
  local _, reason, status = proc:wait()
  assert.equal("exit", reason)
  local said = {}
  for name, texts in pairs(lines) do
    said[name] = table.concat(texts)
  end
  return said, status
end

return foreman
