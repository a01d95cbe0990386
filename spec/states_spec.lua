-- Several Lua states in one process, each with a loop and children of its own.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- A host that can open other states, in its own thread: state.open(), state.run(L, chunk), which returns the chunk's
-- result as a string, and state.close(L).
local start = host.exercise .. [[
  ffi.cdef[=[
    typedef struct lua_State lua_State;
    lua_State *luaL_newstate(void);
    void luaL_openlibs(lua_State *L);
    int luaL_loadstring(lua_State *L, const char *chunk);
    int lua_pcall(lua_State *L, int arguments, int results, int handler);
    const char *lua_tolstring(lua_State *L, int index, size_t *length);
    void lua_settop(lua_State *L, int index);
    void lua_close(lua_State *L);
  ]=]
  local C, state = ffi.C, { close = ffi.C.lua_close }
  function state.run(L, chunk)
    local failed = C.luaL_loadstring(L, chunk) ~= 0 or C.lua_pcall(L, 0, 1, 0) ~= 0
    local text = C.lua_tolstring(L, -1, nil)
    local result = text ~= nil and ffi.string(text) or nil
    C.lua_settop(L, 0)
    assert(not failed, result)
    return result
  end
  function state.open()
    local L = C.luaL_newstate()
    C.luaL_openlibs(L)
    state.run(L, "pipe = require 'pipe'")
    return L
  end
]]

describe("Two Lua states in one process", function()
  it("have children at the same time, and each its own loop", function()
    assert.equal("one\nother\nfalse\tsignal\t15\nsignal 9\n", host.output(start .. [[
      exercise()
      local L = state.open()
      state.run(L, "proc = assert(pipe.spawn({ 'cat' }))")
      local proc = assert(pipe.spawn({ "cat" }))
      state.run(L, "proc:write('other\\n')")
      proc:write("one\n")
      print(proc:stdout_read_line())
      print(state.run(L, "return proc:stdout_read_line()"))
      exercise()
      proc:kill("TERM")
      state.run(L, "proc:kill('KILL')")
      print(proc:wait())
      print(state.run(L, "local _, reason, status = proc:wait() return reason .. ' ' .. status"))
      state.close(L)
      exercise()
    ]]))
  end)

  it("take nothing from each other: both wait for exits that have happened", function()
    assert.equal("3\n4\n", host.output(start .. [[
      local L = state.open()
      state.run(L, "proc = assert(pipe.spawn('exit 4'))")
      local proc = assert(pipe.spawn("exit 3"))
      libc.await_exit(proc:pid())
      libc.await_exit(tonumber(state.run(L, "return proc:pid()")))
      exercise()
      print((select(3, proc:wait())))
      print((state.run(L, "return (select(3, proc:wait()))")))
    ]]))
  end)

  it("may catch the same signal: each gets it, and one that is closed leaves it to the other", function()
    assert.equal("HUP\tHUP\nHUP\ncaught\tdefault\n", host.output(start .. [[
      local disposition = require "spec.disposition"
      local function send()
        assert(pipe.signal.kill(libc.C.getpid(), "HUP"))
      end
      local wait = "return (pipe.signal.wait('HUP'))"
      local L, closing = state.open(), state.open()
      for _, each in ipairs { L, closing } do
        state.run(each, "pipe.signal.wait('HUP', 1)")
      end
      send()
      print(state.run(L, wait), state.run(closing, wait))
      state.run(closing, "pipe.signal.on('HUP', print)")
      send()
      state.close(closing)
      print(state.run(L, wait))
      local before = disposition("HUP")
      state.close(L)
      print(before, disposition("HUP"))
    ]]))
  end)

  it("may carry each other's loop", function()
    assert.equal("text\n", host.output(start .. [[
      local L = state.open()
      local fd = tonumber(state.run(L, [=[
        pipe.thread.spawn(function()
          pipe.sleep(0.001)
          result = assert(pipe.spawn({ "echo", "text" })):stdout_read_line()
        end)
        return pipe.loop.fd()
      ]=]))
      local result
      repeat
        assert(libc.ready(fd))
        result = state.run(L, "pipe.loop.step() return result")
        pipe.sleep(0)
      until result
      print(result)
    ]]))
  end)

  it("do not share what happens to one that is closed with children alive: those are killed and reaped", function()
    assert.equal("text\ntrue\texit\t0\n", host.output(start .. [[
      local L = state.open()
      local proc = assert(pipe.spawn({ "cat" }))
      local pids = state.run(L, [=[
        local pids = {}
        local function add(args)
          local proc = assert(pipe.spawn(args))
          pids[#pids + 1] = proc:pid()
          return proc
        end
        reading, waiting, stopped, ended = add({ "cat" }), add({ "cat" }), add({ "cat" }), add({ "true" })
        stopped:kill("STOP")
        pipe.thread.spawn(function() reading:stdout_read_line() end)
        pipe.thread.spawn(function() waiting:wait() end)
        pipe.thread.spawn(pipe.sleep, 1000)
        pipe.sleep(0.001)
        return table.concat(pids, " ")
      ]=])
      local reader = pipe.thread.spawn(function() return proc:stdout_read_line() end)
      state.close(L)
      local count = 0
      for pid in pids:gmatch("%d+") do
        count = count + 1
        assert(not libc.exists(tonumber(pid)), "process " .. pid .. " is still there")
      end
      assert(count == 4)
      proc:write("text\n")
      print((select(2, pipe.thread.wait(reader))))
      proc:shutdown("stdin")
      print(proc:wait())
      exercise()
    ]]))
  end)

  it("may be closed in the order in which they were opened, a hundred times", function()
    assert.equal("done\n", host.output(start .. [[
      local leaks = require "spec.leaks"
      exercise()
      leaks.collect()
      local before = 0
      for _ in pairs(leaks.descriptors()) do before = before + 1 end
      for _ = 1, 50 do
        local first, second = state.open(), state.open()
        for _, L in ipairs { first, second } do
          state.run(L, "proc = assert(pipe.spawn({ 'cat' })) pipe.loop.fd()")
        end
        state.close(first)
        assert(state.run(second, "proc:write('x') return proc:stdout_read_any(1)") == "x")
        state.close(second)
      end
      local after = 0
      for _ in pairs(leaks.descriptors()) do after = after + 1 end
      assert(after == before)
      assert(#leaks.children() == 0)
      print("done")
    ]]))
  end)

  it("may belong to two threads", function()
    assert.equal("true\n", host.output(start .. [[
      local uv = require "luv"
      local threads = {}
      for number = 1, 4 do
        threads[number] = uv.new_thread(function(path, cpath)
          package.path, package.cpath = path, cpath
          local pipe = require "pipe"
          for _ = 1, 20 do
            local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $line; exit 3" }))
            assert(proc:write("line\n") == 5)
            assert(proc:stdout_read_line() == "line")
            assert(select(3, proc:wait()) == 3)
          end
          assert(pipe.spawn({ "cat" }))
        end, package.path, package.cpath)
      end
      for _ = 1, 20 do
        exercise()
      end
      local ended = true
      for _, thread in ipairs(threads) do
        ended = thread:join() and ended
      end
      print(ended)
      assert(#require "spec.leaks".children() == 0)
    ]]))
  end)
end)
