-- peak is by how much the most resident memory has grown, in sizes of the data.
local function case(name, bytes, rounds)
  local contenders = {
    { "LuaJIT", luajit "read_all", bytes },
    { "pipe", pipe "read_all", bytes },
    { "luv", luv "read_all", bytes },
    { "io.popen", popen "read_all", bytes },
    { "ngx.pipe", ngx "read_all", bytes },
  }
  -- LuaJIT's own buffer doubles beyond what it may have: read("*a") ends with "not enough memory".
  if bytes >= 2 ^ 30 then table.remove(contenders, 4) end
  return {
    name = name, metrics = { "gb_s", "peak" }, units = { gb_s = "GB/s", peak = "×" }, rate = true, rounds = rounds,
    chart = "read_all, " .. name, contenders = contenders,
  }
end

local function speed(name)
  return { "read_all of " .. name .. ": speed against LuaJIT", least = 0.9, ratio = function(m)
    return m[name].pipe.gb_s / m[name].LuaJIT.gb_s
  end }
end

local function peak(name)
  return { "read_all of " .. name .. ": peak memory in sizes of the data", most = 2.2, ratio = function(m)
    return m[name].pipe.peak
  end }
end

return {
  number = 6,
  title = "everything in one string",
  cases = { case("256 MiB", 256 * 2 ^ 20, 9), case("1 GiB", 2 ^ 30, 5) },
  figures = { speed("256 MiB"), speed("1 GiB"), peak("256 MiB"), peak("1 GiB") },
}
