-- Where the programs of each kind of contender are, and by what command they are started. A description of a workload
-- names them as `c "spawn"` or `luv "spawn"`.
local programs = {}

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

--- What a description may call, by name.
programs.constructors = {}
for _, kind in ipairs({ "c", "luajit", "pipe", "luv", "popen", "ngx" }) do
  programs.constructors[kind] = function(name) return { kind = kind, name = name } end
end

--- A program with its children on one processor, where nobody waits for another one to wake up.
function programs.constructors.on_one(program)
  return { kind = program.kind, name = program.name, on_one = true }
end

--- Why a contender on ngx.pipe may be absent.
programs.NO_OPENRESTY = "PIPE_BENCH_OPENRESTY names no OpenResty"

--- Where a program's source is. What bench/pipe has and bench/ngx has not runs inside nginx as it is.
function programs.source(program)
  local path = ("bench/%s/%s.%s"):format(program.kind, program.name, program.kind == "c" and "c" or "lua")
  local file = io.open(path)
  if file then
    file:close()
  elseif program.kind == "ngx" then
    return programs.source({ kind = "pipe", name = program.name })
  end
  return path
end

local function start(program, place)
  if program.kind == "c" then return { place.build .. "/bench/" .. program.name } end
  local file = programs.source(program)
  if program.kind == "ngx" then return { "sh", "bench/ngx/start.sh", place.openresty, file } end
  return { place.build .. "/bin/luajit", file }
end

--- The shell's command for a contender of a description. `place`: `build`, the build folder; `openresty`, the nginx of
--- an OpenResty, or nil. Returns false and the reason where it cannot run without.
function programs.command(contender, place)
  local program = contender[2]
  if program.kind == "ngx" and not place.openresty then return false, programs.NO_OPENRESTY end
  local words = program.on_one and { "taskset", "-c", "0" } or {}
  for _, word in ipairs(start(program, place)) do words[#words + 1] = word end
  for i = 3, #contender do words[#words + 1] = contender[i] end
  for i, word in ipairs(words) do words[i] = quote(word) end
  return table.concat(words, " ")
end

-- A program that hangs must not hang the whole run; none takes this long by far.
local MOST_SECONDS = 300

--- The beginning of each command: the environment, with the library under test as it is by default, and the folder of
--- the children. ";;" is Lua's own path. In the foreground: an interrupt from the keyboard ends the program, too.
function programs.prefix(place)
  return ("env -u PIPE_REAPER -u PIPE_SPAWN LUA_PATH=%s LUA_CPATH=%s BENCH_CHILDREN=%s "):format(
    quote("lua/?.lua;;"), quote(place.build .. "/?.so;;"), quote(place.build .. "/bench"))
    .. ("timeout --foreground -s KILL %d "):format(MOST_SECONDS)
end

return programs
