-- Runs before the script of an interpreter, and from then on the collector gets whatever nobody holds on to at the
-- worst time: all garbage is collected whenever a coroutine yields, and whenever the main chunk, which cannot, turns
-- the loop; and between these times the collector never rests.

local collect, yield = collectgarbage, coroutine.yield

-- Before the library is loaded, which keeps the function in a local.
function coroutine.yield(...)
  collect()
  return yield(...)
end

-- Also when a spec loads it a second time.
package.preload["pipe.engine"] = function(name)
  local engine = assert(loadfile(assert(package.searchpath(name, package.path))))(name)
  local turn = engine.turn
  function engine.turn(...)
    collect()
    return turn(...)
  end
  return engine
end

collect("setpause", 0)
collect("setstepmul", 1000)
