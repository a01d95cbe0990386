-- A process manager in one file: starts what a Procfile lists, shows the output of all line by line, and ends them
-- together. docs/foreman.md tells how to use it and how it works.
local ffi = require "ffi"
local pipe = require "pipe"

local usage = [[
usage: foreman.lua start [NAME]       start what the Procfile lists, or one NAME of it
       foreman.lua check              validate the Procfile
       foreman.lua run CMD [ARG...]   run one command in the environment
       foreman.lua help

  -f, --procfile FILE         the Procfile (Procfile)
  -m, --formation NAME=N,...  how many of each; "all" stands for the others (all=1)
  -e, --env FILE,...          files of variables (.env, where there is one)
  -p, --port N                PORT of the first process (5000)
  -t, --timeout SECONDS       who has not ended by then is killed (5)
  -d, --root FOLDER           where the processes run (the Procfile's folder)
]]

local FAILURE, MISUSE = 1, 2

local function fail(status, message, ...)
  io.stderr:write("foreman: ", message:format(...), "\n")
  os.exit(status)
end

-- The command line ----------------------------------------------------------------------------------------------------

local names = {}
for letter, name in pairs {
  f = "procfile", m = "formation", e = "env", p = "port", t = "timeout", d = "root", h = "help",
} do names[letter], names[name] = name, name end

-- Takes the options out of the words: "-p 80", "-p80", "--port 80", "--port=80". What follows the command of `run` is
-- that command's.
local function take_options(words)
  local options, i = {}, 1
  while words[i] and not (words[1] == "run" and i > 2) do
    if words[i]:find("^%-.") then
      local word = table.remove(words, i)
      if word == "--" then break end
      local name, value = (word .. "="):match("^%-%-(%a+)=(.-)=?$")
      if not name then name, value = word:match("^%-(%a)(.*)$") end
      name = names[name] or fail(MISUSE, "unknown option %s", word)
      if value == "" and name ~= "help" then
        value = table.remove(words, i) or fail(MISUSE, "%s needs a value", word)
      end
      options[name] = value
    else
      i = i + 1
    end
  end
  return options
end

local function number(what, text, pattern, most)
  local value = text:find(pattern) and tonumber(text)
  return value and value <= most and value or fail(MISUSE, "bad %s: %s", what, text)
end

-- How many of each: "web=2,worker=1" starts nothing else, "all=1,web=2" does.
local function formation(text, entries)
  local counts = {}
  for item in (text .. ","):gmatch("%s*(.-)%s*,") do
    local name, count = item:match("^([%w_-]+)=(%d+)$")
    if not name then fail(MISUSE, "bad formation: %s", text) end
    if name ~= "all" and not entries[name] then fail(MISUSE, "no process %s in the Procfile", name) end
    counts[name] = tonumber(count)
  end
  return function(name) return counts[name] or counts.all or 0 end
end

-- Files ---------------------------------------------------------------------------------------------------------------

-- Gives take() each line that is no comment. It answers what is wrong with the line, if anything; all that is is told.
local function read_lines(path, take)
  local file, message = io.open(path)
  local text = file and file:read("*a")
  if not text then fail(FAILURE, "%s", message or path .. ": not a file") end
  file:close()
  local problems, count = {}, 0
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    count = count + 1
    local problem = line:find("^%s*[^%s#]") and (line:find("%z") and "a NUL byte" or take(line, count))
    if problem then problems[#problems + 1] = ("%s:%d: %s"):format(path, count, problem) end
  end
  if problems[1] then fail(FAILURE, "%s", table.concat(problems, "\nforeman: ")) end
end

-- The entries in the file's order, and by name.
local function read_procfile(path)
  local entries = {}
  read_lines(path, function(line, position)
    local name, command = line:match("^([%w_-]+):%s*(.-)%s*$")
    if not name then
      return "not 'name: command': " .. line
    elseif command == "" then
      return "no command for " .. name
    elseif entries[name] then
      return ("%s is in line %d already"):format(name, entries[name].position)
    end
    entries[name] = { name = name, command = command, position = position }
    entries[#entries + 1] = entries[name]
  end)
  return entries[1] and entries or fail(FAILURE, "%s: no processes", path)
end

local escapes = { n = "\n", r = "\r", t = "\t" }

-- What stands in quotes, or nil and a problem. What is escaped hides behind NULs while the closing quote is looked for.
local function unquote(text)
  if text:sub(1, 1) == '"' then
    text = text:gsub("\\(.)", function(char) return ("\0%03d"):format((escapes[char] or char):byte()) end)
  end
  local _, value, rest = text:match([[^(['"])(.-)%1(.*)$]])
  if not value then
    return nil, "no closing quote"
  elseif rest:find("^%s*[^%s#]") then
    return nil, "text after the closing quote"
  end
  return (value:gsub("%z(%d%d%d)", function(code) return string.char(code) end))
end

local ENOENT = 2

local function read_env(path, variables)
  read_lines(path, function(line)
    local name, text = line:gsub("^%s*export%s+", ""):match("^%s*([%a_][%w_]*)%s*=%s*(.*)$")
    if not name then return "not 'KEY=value': " .. line end
    local value, problem = (" " .. text):gsub("%s#.*$", ""):match("^%s*(.-)%s*$"), nil
    if text:find("^['\"]") then value, problem = unquote(text) end
    variables[name] = value
    return problem
  end)
end

-- The variables that are laid over our own environment. Of several files the last wins.
local function environment(options)
  local variables, default = {}, options.root .. "/.env"
  local file, _, errno = io.open(default)
  if file then file:close() end
  if not options.env and errno ~= ENOENT then read_env(default, variables) end
  for path in (options.env or ""):gmatch("[^,]+") do read_env(path, variables) end
  return variables
end

-- Output --------------------------------------------------------------------------------------------------------------

ffi.cdef "int isatty(int descriptor);"

local STDIN, STDOUT = 0, 1
local coloured = ffi.C.isatty(STDOUT) == 1 and (os.getenv("NO_COLOR") or "") == ""
local colours = { 36, 33, 32, 35, 31, 34, 96, 93, 92, 95, 91, 94 } -- cyan to blue, and the same brighter
local system = { name = "system", colour = 1 }
local column = #system.name
local silent = false -- once nobody reads what we show

-- Shows whole lines, in one write.
local function show(process, lines)
  if silent then return end
  local head = ("%s %s%s | "):format(os.date("%H:%M:%S"), process.name, (" "):rep(column - #process.name))
  if coloured then head = ("\27[%dm%s\27[0m"):format(process.colour, head) end
  io.write((lines:gsub("[^\n]*\n", head .. "%0")))
end

local function say(process, message, ...)
  show(process, message:format(...) .. "\n")
end

local CHUNK = 4096
local LONGEST = 2 ^ 24 -- a longer line is shown in parts: who never ends a line must not use up the memory

-- Shows a line that has begun, and will have no end any more.
local function finish_line(process, output)
  if output.size > 0 then
    show(process, table.concat(output.pieces) .. "\n")
    output.pieces, output.size = {}, 0
  end
end

-- Shows an output in whole lines, whatever the pieces are that they come in: up to its end, or the process's timeout,
-- or `most` bytes. `output` has the line that has begun, so that somebody else may go on.
local function relay(process, output, most)
  repeat
    local bytes, err = output.read(process.proc, CHUNK)
    local lines, begun = (bytes or ""):match("^(.*\n)(.*)$")
    table.insert(output.pieces, lines or bytes)
    output.size, most = output.size + #(bytes or ""), most - #(bytes or "")
    if lines then
      show(process, table.concat(output.pieces))
      output.pieces, output.size = { begun }, #begun
    elseif output.size > LONGEST or err == "closed" then
      finish_line(process, output)
    end
    coroutine.yield() -- who floods us always has more to read: the others, and the signals, want their turn
  until not bytes or most <= 0
end

-- A run: from the first start to the last end ------------------------------------------------------------------------

local started = {}                  -- the processes
local over = pipe.semaphore.new(0)  -- posted when something ends the run
local hurry = pipe.semaphore.new(0) -- posted when the processes are not to be waited for any longer
local gone = pipe.semaphore.new(0)  -- posted for each process of which nothing is left
local exit_status, first_signal     -- ours, and what the processes get first
local killed = false                -- they have got KILL

-- Who is the first to end the run decides.
local function decide(status, signal)
  if not exit_status then exit_status, first_signal = status, signal end
end

-- To the groups: what a process has started is in its group too, and may outlive it.
local function send(signal)
  say(system, "sending SIG%s to all processes", signal)
  for _, process in ipairs(started) do
    if not process.gone then pipe.signal.kill(-process.proc:pid(), signal) end
  end
  killed = killed or signal == "KILL"
end

-- An error of our own leaves nobody behind either.
function pipe.thread.on_error(_, err, traceback)
  silent = true
  send("KILL")
  fail(FAILURE, "%s", traceback or tostring(err))
end

local function listen()
  local interrupted = false
  while true do
    local name = assert(pipe.signal.wait({ "INT", "TERM", "HUP", "QUIT", "PIPE" }))
    silent = silent or name == "PIPE"
    if not exit_status then
      say(system, "SIG%s received", name)
      decide(128 + pipe.signal.signum(name), name == "PIPE" and "TERM" or name)
      over:post()
    elseif name == "INT" and interrupted then
      hurry:post()
    elseif name ~= "PIPE" then
      send(name)
    end
    interrupted = interrupted or name == "INT"
  end
end

-- How a process has ended: as an exit status, and in words.
local function verdict(ok, reason, status)
  if ok == nil then
    return FAILURE, reason
  elseif reason == "exit" then
    return status, "exited with code " .. status
  end
  return 128 + status, "terminated by SIG" .. (pipe.signal.signame(status) or status)
end

local LEFT_BEHIND = 2 ^ 18 -- more than a pipe and the library's buffer hold

-- Follows a process to its end, and on to that of its group and of its outputs.
local function follow(process)
  local proc = process.proc
  local outputs = { { read = proc.stdout_read_any }, { read = proc.stderr_read_any } }
  process.outputs = outputs
  for _, output in ipairs(outputs) do
    output.pieces, output.size = {}, 0
    output.relay = pipe.thread.spawn(relay, process, output, math.huge)
  end
  local status, words = verdict(proc:wait())
  decide(status, "TERM")
  -- What it has written is in the pipes by now, and is shown before its end. Others may have them open, and write on.
  proc:set_timeouts(nil, 1, 1)
  for _, output in ipairs(outputs) do
    pipe.thread.kill(output.relay)
    relay(process, output, LEFT_BEHIND)
  end
  say(process, "%s", words)
  over:post()
  proc:set_timeouts(nil, 0, 0)
  for _, output in ipairs(outputs) do output.relay = pipe.thread.spawn(relay, process, output, math.huge) end
  -- Who is left in its group is no child of ours: nothing tells of their end.
  while not killed and pipe.signal.kill(-proc:pid(), 0) do pipe.sleep(0.05) end
  process.gone = true
  for _, output in ipairs(outputs) do assert(pipe.thread.wait(output.relay)) end
  gone:post()
end

local function launch(process, variables, options)
  variables.PORT, variables.PS = process.port, process.name
  local proc, message = pipe.spawn(process.command, {
    cwd = options.root, env = variables, stdin = "null",
    process_group = true, parent_death_signal = "TERM",
    wait_timeout = 0, stdout_read_timeout = 0, stderr_read_timeout = 0,
  })
  if not proc then
    say(process, "%s", message)
    decide(FAILURE, "TERM")
    return over:post()
  end
  process.proc = proc
  started[#started + 1] = process
  say(process, "started with pid %d", proc:pid())
  pipe.thread.spawn(follow, process)
end

local function processes_of(entries, count, port)
  local processes = {}
  for index, entry in ipairs(entries) do
    for instance = 1, count(entry.name) do
      processes[#processes + 1] = {
        name = entry.name .. "." .. instance, command = entry.command,
        port = port + 100 * (index - 1) + instance - 1, colour = colours[#processes % #colours + 1],
      }
    end
  end
  return processes
end

-- The commands --------------------------------------------------------------------------------------------------------

local commands = {}

function commands.help()
  io.write(usage)
end

function commands.check(options)
  local list = {}
  for index, entry in ipairs(read_procfile(options.procfile)) do list[index] = entry.name end
  print(("%s is valid: %s"):format(options.procfile, table.concat(list, ", ")))
end

function commands.start(options, name)
  local entries, variables = read_procfile(options.procfile), environment(options)
  local count = formation(name and name .. "=1" or options.formation or "all=1", entries)
  local port = number("port", options.port or variables.PORT or os.getenv("PORT") or "5000", "^%d+$", 65535)
  local timeout = number("timeout", options.timeout or "5", "^%d*%.?%d+$", math.huge)
  local processes = processes_of(entries, count, port)
  if not processes[1] then fail(MISUSE, "nothing to start") end
  for _, process in ipairs(processes) do column = math.max(column, #process.name) end

  io.stdout:setvbuf("no")
  pipe.thread.spawn(listen)
  for _, process in ipairs(processes) do
    if not exit_status then launch(process, variables, options) end
  end
  over:wait(math.huge)
  send(first_signal)
  local all_gone = pipe.thread.spawn(function()
    for _ = 1, #started do gone:wait(math.huge) end
    return true
  end)
  local grace = pipe.thread.spawn(function() hurry:wait(timeout) end)
  local _, done = pipe.thread.wait(all_gone, grace)
  if not done then
    send("KILL")
    pipe.thread.wait(all_gone, pipe.thread.spawn(pipe.sleep, 1))
  end
  for _, process in ipairs(started) do -- who has left its group may have its outputs open still
    for _, output in ipairs(process.outputs) do finish_line(process, output) end
  end
  os.exit(exit_status)
end

-- The command stays in our process group: the terminal's signals come to it as they come to us.
function commands.run(options, ...)
  if not ... then fail(MISUSE, "run needs a command") end
  local command = select("#", ...) > 1 and { ... } or ... -- one word is for the shell
  local typed = ffi.C.isatty(STDIN) == 1 and { INT = true, QUIT = true } or {}
  local proc, message, code
  pipe.thread.spawn(function()
    while true do
      local name = assert(pipe.signal.wait({ "INT", "TERM", "HUP", "QUIT" }))
      if not typed[name] then proc:kill(name) end
    end
  end)
  proc, message, code = pipe.spawn(command, {
    cwd = options.root, env = environment(options), wait_timeout = 0,
    stdin = "inherit", stdout = "inherit", stderr = "inherit",
  })
  if not proc then fail(code == "ENOENT" and 127 or 126, "%s", message) end
  os.exit((verdict(proc:wait())))
end

local most_words = { start = 1, check = 0, help = 0, run = math.huge } -- after the command

local options = take_options(arg)
options.procfile = options.procfile or options.root and options.root .. "/Procfile" or "Procfile"
options.root = options.root or options.procfile:match("^.*/") or "."
local name = options.help and "help" or arg[1]
local command = commands[name]
if not command then
  io.stderr:write(arg[1] and "foreman: unknown command " .. arg[1] .. "\n" or usage)
  os.exit(MISUSE)
elseif not options.help and arg[most_words[name] + 2] then
  fail(MISUSE, "too many words for %s: %s", name, arg[most_words[name] + 2])
end
pipe.thread.spawn(command, options, unpack(arg, 2))
pipe.loop.run()
