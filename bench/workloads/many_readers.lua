-- cpu_ms is the host's own processor time. C starts and reaps its children by the library's system calls; it makes no
-- strings. "C and a copy" copies each output once more into fresh memory, as making a string does.
local CHILDREN = 1000

local name = "1,000 children, 1 MiB each"

return {
  number = 9,
  title = "many children at once, each read by a light thread",
  cases = {
    { name = name, metrics = { "ms", "cpu_ms" }, unit = "ms", rounds = 7, chart = "1,000 readers",
      contenders = {
        { "C", c "many_readers", CHILDREN },
        { "C and a copy", c "many_readers", CHILDREN, "copy" },
        { "pipe", pipe "many_readers", CHILDREN },
        { "luv", luv "many_readers", CHILDREN },
        { "ngx.pipe", ngx "many_readers", CHILDREN },
      },
      needs = { processes = CHILDREN + 100, descriptors = 4 * CHILDREN + 100 } },
  },
  figures = {
    { "1,000 children: time against C", most = 1.3, ratio = function(m) return m[name].pipe.ms / m[name].C.ms end },
  },
}
