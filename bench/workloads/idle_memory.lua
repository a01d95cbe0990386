-- malloc: what malloc has given out; lua: Lua's objects. What the kernel holds for a child is not counted.
local CHILDREN = 1000

local function case(name, way)
  return {
    name = name, metrics = { "malloc", "lua" }, unit = "bytes", rounds = 3,
    contenders = {
      { "pipe", pipe "idle_memory", CHILDREN, way },
      { "luv", luv "idle_memory", CHILDREN, way },
      { "ngx.pipe", ngx "idle_memory", CHILDREN, way },
    },
  }
end

local function malloced(name)
  return { "malloc'ed for an idle child, " .. name, most = 2048, unit = "bytes",
    ratio = function(m) return m[name].pipe.malloc end }
end

return {
  number = 4,
  title = "memory for each living idle child",
  cases = {
    case("untouched", "untouched"),
    case("one waits for its exit", "wait"),
    case("one reads its stdout", "read_line"),
    case("one waits, two read both outputs", "all"),
  },
  figures = {
    malloced("untouched"),
    malloced("one waits for its exit"),
    malloced("one reads its stdout"),
    malloced("one waits, two read both outputs"),
  },
}
