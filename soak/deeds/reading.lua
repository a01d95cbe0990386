--- Reads of every kind, at the same time as writes: no byte is lost, and none comes twice.
local expect = require "soak.expect"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

-- A read by itself, or in a light thread that is perhaps killed: then it has consumed nothing.
local function attempt(random, proc, method, argument)
  local read = proc[method]
  if not random:once_in(4) then
    return read(proc, argument)
  end
  local thread = pipe.thread.spawn(read, proc, argument)
  if random:once_in(2) then
    for _ = 1, random:below(3) do
      pipe.sleep(0)
    end
    if pipe.thread.kill(thread) then
      return nil, "killed"
    end
  end
  return patient.join(thread)
end

-- The line at a position, and where the rest begins; nil where no line ends.
local function line_at(text, at)
  local newline = text:find("\n", at, true)
  if newline then
    return (text:sub(at, newline - 1):gsub("\r$", "")), newline + 1
  end
end

-- Each takes what is left of `text` from `at` on, and gives where it goes on; nil at the end.
local kinds = {}

-- What a read that did not succeed has taken.
local function fallen_short(text, at, message, partial, finds)
  if message == "killed" then
    return at
  end
  expect.truth(message == "timeout" or message == "closed", message)
  expect.bytes(text:sub(at, at + #partial - 1), partial)
  expect.truth(not finds(partial), "it had what it wanted")
  if message == "closed" then
    expect.words(#text + 1, at + #partial)
    return nil
  end
  return at + #partial
end

function kinds.line(random, proc, stream, text, at)
  local line, message, partial = attempt(random, proc, stream .. "_read_line")
  if not line then
    return fallen_short(text, at, message, partial, function(taken) return taken:find("\n", 1, true) end)
  end
  local expected, behind = line_at(text, at)
  expect.bytes(expected, line)
  return behind
end

function kinds.bytes(random, proc, stream, text, at)
  local size = random:size(100000)
  local bytes, message, partial = attempt(random, proc, stream .. "_read_bytes", size)
  if not bytes then
    return fallen_short(text, at, message, partial, function(taken) return #taken >= size end)
  end
  expect.words(size, #bytes)
  expect.bytes(text:sub(at, at + size - 1), bytes)
  return at + size
end

function kinds.any(random, proc, stream, text, at)
  local most = 1 + random:size(100000)
  local bytes, message, partial = attempt(random, proc, stream .. "_read_any", most)
  if not bytes then
    return fallen_short(text, at, message, partial, function(taken) return taken ~= "" end)
  end
  expect.truth(#bytes >= 1 and #bytes <= most, #bytes)
  expect.bytes(text:sub(at, at + #bytes - 1), bytes)
  return at + #bytes
end

function kinds.all(random, proc, stream, text, at)
  local bytes, message, partial = attempt(random, proc, stream .. "_read_all")
  if not bytes then
    expect.truth(message ~= "closed", "read_all is never closed")
    return fallen_short(text, at, message, partial, function() return false end)
  end
  expect.bytes(text:sub(at), bytes)
  return nil
end

-- Writes the text in pieces, some of them arrays.
local function feed(random, proc, text)
  local sent = 0
  while sent < #text do
    local piece = text:sub(sent + 1, sent + 1 + random:size(50000))
    local half = random:below(#piece)
    local data = random:once_in(3) and { piece:sub(1, half), "", piece:sub(half + 1) } or piece
    expect.words(#piece, proc:write(data))
    sent = sent + #piece
    if random:once_in(4) then
      pipe.sleep(0)
    end
  end
  expect.words("true", proc:shutdown("stdin"))
end

local commands = { stdout = { "cat" }, stderr = { "sh", "-c", "exec cat >&2" } }

function deeds.reads_of_every_kind(random)
  local stream = random:one_of { "stdout", "stderr" }
  local text = random:bytes(random:size(300000))
  local proc = patient.spawn(commands[stream], { buffer_size = random:one_of { 1, 7, 100, 4096, 100000 } })
  local writer = pipe.thread.spawn(feed, random, proc, text)
  local at = 1
  while at do
    local kind = random:once_in(50) and kinds.all or kinds[random:one_of { "line", "line", "bytes", "any" }]
    if random:once_in(4) then
      patient.hurried(proc, stream == "stdout" and 2 or 3, function()
        at = kind(random, proc, stream, text, at)
      end)
    else
      at = kind(random, proc, stream, text, at)
    end
  end
  patient.join(writer)
  expect.bytes("", proc[stream .. "_read_all"](proc))
  expect.words("true exit 0", proc:wait())
end

function deeds.lines_of_an_iterator(random)
  local stream = random:one_of { "stdout", "stderr" }
  local text = random:bytes(random:size(300000))
  local proc = patient.spawn(commands[stream])
  local writer = pipe.thread.spawn(feed, random, proc, text)
  local at = 1
  for line in proc[stream .. "_lines"](proc) do
    local expected, behind = line_at(text, at)
    expect.bytes(expected or text:sub(at), line)
    at = behind or #text + 1
  end
  expect.words(#text + 1, at)
  patient.join(writer)
  expect.words("true exit 0", proc:wait())
end

function deeds.both_outputs_at_once(random)
  local text = random:bytes(random:size(300000))
  local proc = patient.spawn({ "tee", "/dev/stderr" })
  local readers = {
    pipe.thread.spawn(proc.stdout_read_all, proc),
    pipe.thread.spawn(proc.stderr_read_all, proc),
  }
  local waiter = pipe.thread.spawn(proc.wait, proc)
  feed(random, proc, text)
  for _, reader in ipairs(readers) do
    expect.bytes(text, patient.join(reader))
  end
  expect.words("true exit 0", patient.join(waiter))
end

function deeds.output_that_nobody_reads(random)
  local proc = patient.spawn({ "yes" })
  for _ = 1, random:below(5) do
    expect.words("y", proc:stdout_read_line())
  end
  local way = random:below(3)
  if way == 0 then
    expect.words("true", proc:shutdown("stdout"))
    expect.words("false signal 13", proc:wait())
  elseif way == 1 then
    proc:close()
    expect.words("nil closed nil", proc:stdout_read_line())
  end
end

function deeds.output_that_outlives_the_child(random)
  local text = random:bytes(random:size(100000))
  local proc = patient.spawn({ "sh", "-c", "exec 3<&0; cat <&3 & exit 5" })
  expect.words("false exit 5", proc:wait())
  local writer = pipe.thread.spawn(proc.write, proc, text)
  expect.bytes(text, proc:stdout_read_bytes(#text))
  expect.words(#text, patient.join(writer))
  proc:close() -- the end of the grandchild's input
end

return deeds
