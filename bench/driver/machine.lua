-- On what the benchmark ran: what a reader needs to judge the numbers, and nothing that names a place.
local machine = {}

local function first_line(command)
  local output = assert(io.popen(command .. " 2>&1"))
  local line = output:read("*l")
  output:close()
  return line or ""
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

local function processor()
  local info = read("/proc/cpuinfo")
  local _, cores = info:gsub("processor%s*:", "")
  return info:match("model name%s*:%s*([^\n]+)") or "unknown", tostring(cores)
end

local function memory()
  return ("%.0f GiB"):format(read("/proc/meminfo"):match("MemTotal:%s*(%d+)") / 2 ^ 20)
end

--- What there is, as rows of a name and a text. `place` as for programs.command().
function machine.facts(place)
  local luajit = "'" .. place.build .. "/bin/luajit'"
  local model, cores = processor()
  local openresty = place.openresty and first_line("'" .. place.openresty .. "' -v"):match("openresty/(%S+)")
  return {
    { "processor", model },
    { "cores", cores },
    { "memory", memory() },
    -- Without what a distributor or an owner has put behind the version.
    { "Linux", read("/proc/sys/kernel/osrelease"):match("^[%d.]+") },
    { "glibc", first_line("getconf GNU_LIBC_VERSION"):match("[%d.]+$") or "unknown" },
    { "LuaJIT", first_line(luajit .. " -v"):match("LuaJIT (%S+)") or "unknown" },
    { "libuv", first_line(luajit .. " -e 'print(require([[luv]]).version_string())'"):match("^[%d.]+$") or "unknown" },
    { "luv", first_line("dpkg-query -W -f '${Version}' lua-luv"):match("^%d%S+$") or "unknown" },
    { "OpenResty", openresty or "absent" },
  }
end

return machine
