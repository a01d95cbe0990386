--- What a child is given: files, descriptors, a directory, variables, a terminal. And children that cannot be started.
local expect = require "soak.expect"
local libc = require "spec.libc"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

function deeds.a_file_there_and_back(random)
  local path, text = os.tmpname(), random:bytes(random:size(200000))
  local proc = patient.spawn({ "cat" }, { stdout = { file = path } })
  expect.words(#text, proc:write(text))
  expect.words("true", proc:shutdown("stdin"))
  expect.words("true exit 0", proc:wait())
  proc = patient.spawn({ "cat" }, { stdin = { file = path }, stderr = "null" })
  expect.bytes(text, proc:stdout_read_all())
  expect.words("nil not a pipe nil", proc:stderr_read_line())
  os.remove(path)
end

function deeds.more_descriptors(random)
  local reading, writing = libc.pipe()
  local number = random:between(3, 200)
  local proc = patient.spawn({ "sh", "-c", "for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done; :" },
    { fds = { [number] = reading }, stderr = "stdout" })
  local found = {}
  for line in proc:stdout_lines() do
    found[#found + 1] = tonumber(line)
  end
  table.sort(found)
  expect.words(("0 1 2 %d"):format(number), unpack(found))
  libc.C.close(reading)
  libc.C.close(writing)
end

function deeds.a_directory_and_variables(random)
  local value = random:bytes(random:size(10000)):gsub("%z", "")
  local proc = patient.spawn({ "sh", "-c", 'pwd; printf "%s" "$VALUE"' }, { cwd = "/", env = { VALUE = value } })
  expect.words("/", proc:stdout_read_line())
  expect.bytes(value, proc:stdout_read_all())
  proc = patient.spawn({ "env" }, { environ = {} })
  expect.bytes("", proc:stdout_read_all())
end

function deeds.a_terminal(random)
  local rows, columns = random:between(1, 500), random:between(1, 500)
  local proc = patient.spawn({ "sh", "-c", "stty -echo; echo ready; read line; stty size; exec cat" },
    { pty = { rows = rows, cols = columns } })
  expect.words("ready", proc:stdout_read_line())
  rows = rows + 1
  expect.words("true", proc:resize(rows, columns))
  expect.words("1", proc:write("\n"))
  expect.words(("%d %d"):format(rows, columns), proc:stdout_read_line())
  for number = 1, random:below(20) do
    expect.words(#tostring(number) + 1, proc:write(number .. "\n"))
    expect.words(number, proc:stdout_read_line())
  end
  if random:once_in(3) then
    proc:close()
    return
  end
  expect.words("true", proc:shutdown("stdin"))
  expect.bytes("", proc:stdout_read_all())
  expect.words("true exit 0", proc:wait())
end

function deeds.settings_of_its_own(random)
  local mask = random:below(512)
  local proc = patient.spawn("umask; ulimit -t; ulimit -c",
    { umask = mask, rlimits = { cpu = 64, core = 0 }, nice = 10, subreaper = random:once_in(2) })
  expect.words(("%04o"):format(mask), proc:stdout_read_line())
  expect.words("64", proc:stdout_read_line())
  expect.words("0", proc:stdout_read_line())
  expect.words("true exit 0", proc:wait())
end

-- What cannot be started, and the errno's name.
local failures = {
  { "ENOENT", { "no-such-program" } },
  { "ENOENT", { "/no/such/program" } },
  { "EACCES", { "/etc/passwd" } },
  { "ENOENT", { "true" }, { cwd = "/no/such/directory" } },
  { "ENOENT", { "true" }, { stdin = { file = "/no/such/file" } } },
  { "ENOENT", { "true" }, { stdout = "null", fds = { [7] = { file = "/no/such/file" }, [8] = "null" } } },
  { "ENOENT", { "no-such-program" }, { pty = true } },
  { "EBADF", { "true" }, { fds = { [3] = 999 } } },
}

function deeds.a_child_that_cannot_be_started(random)
  local code, args, options = unpack(random:one_of(failures), 1, 3)
  local proc, message, name = pipe.spawn(args, options)
  expect.words("nil " .. code, proc, name)
  expect.truth(message:find("^failed to "), message)
  local p
  p, message, name = pipe.pipeline({ { "yes" }, { "no-such-program" } })
  expect.words("nil failed to spawn 'no-such-program': No such file or directory ENOENT", p, message, name)
end

return deeds
