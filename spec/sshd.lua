--- A local sshd, with keys and configuration of its own in a temporary folder, and an `ssh` that reaches it under any
-- host name: what a user has in ~/.ssh/config, kept away from the user's own.
local assert = require "luassert"
local libc = require "spec.libc"
local pipe = require "pipe"

local sshd = {}

-- Below the range from which the kernel gives ports to clients.
local FIRST_PORT, LAST_PORT = 20000, 32000

-- sshd starts itself anew for each connection, so it wants its absolute path; it is not in every user's PATH.
local function find(program)
  for folder in (os.getenv("PATH") .. ":/usr/sbin:/usr/local/sbin:/sbin"):gmatch("[^:]+") do
    local path = folder .. "/" .. program
    local file = path:sub(1, 1) == "/" and io.open(path)
    if file then
      file:close()
      return path
    end
  end
  error(program .. " is not installed")
end

local function run(args)
  local res = assert(pipe.run(args))
  assert(res.ok, res.stderr)
  return (res.stdout:gsub("\n$", ""))
end

local function save(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

local server_config = [[
Port PORT
ListenAddress 127.0.0.1
HostKey FOLDER/host
AuthorizedKeysFile FOLDER/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
]]

local client_config = [[
Host *
HostName 127.0.0.1
HostKeyAlias local
Port PORT
User USER
IdentityFile FOLDER/user
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile FOLDER/known_hosts
GlobalKnownHostsFile /dev/null
]]

-- Starts sshd on a port, and waits until it listens there; nil if somebody else does.
local function listen(folder, port)
  save(folder .. "/sshd_config", (server_config:gsub("FOLDER", folder):gsub("PORT", port)))
  local proc = assert(pipe.spawn({ find("sshd"), "-D", "-e", "-f", folder .. "/sshd_config" }, { stdin = "null" }))
  local said = {}
  for line in proc:stderr_lines() do
    if line:find("^Server listening on") then
      return proc
    end
    said[#said + 1] = line
  end
  proc:wait()
  said = table.concat(said, "\n")
  assert(said:find("Address already in use", 1, true), said)
end

--- Starts a server; `server.path` is a PATH in which `ssh` leads to it.
function sshd.start()
  local folder = run { "mktemp", "-d" }
  for _, key in ipairs { "host", "user" } do
    run { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder .. "/" .. key }
  end
  if libc.C.geteuid() == 0 then
    run { "mkdir", "-p", "-m", "755", "/run/sshd" } -- root's sshd refuses to start without it
  end
  local server = { folder = folder }
  math.randomseed(os.time() + libc.C.getpid())
  repeat
    local port = math.random(FIRST_PORT, LAST_PORT)
    server.proc = listen(folder, port)
    server.port = port
  until server.proc
  local known = run { "cat", folder .. "/host.pub" }
  save(folder .. "/known_hosts", "local " .. known .. "\n")
  local values = { FOLDER = folder, PORT = server.port, USER = run { "id", "-un" } }
  save(folder .. "/ssh_config", (client_config:gsub("%u%u%u%u+", values)))
  run { "mkdir", folder .. "/bin" }
  local wrapper = folder .. "/bin/ssh"
  save(wrapper, ("#!/bin/sh\nexec %s -F %s/ssh_config \"$@\"\n"):format(find("ssh"), folder))
  assert.equal(0, libc.C.chmod(wrapper, 493)) -- 0755
  server.path = folder .. "/bin:" .. os.getenv("PATH")
  return server
end

--- Ends it. What a connection has left running has to be ended by who has made it.
function sshd.stop(server)
  server.proc:terminate()
  server.proc:close()
  run { "rm", "-r", server.folder }
end

return sshd
