-- What pipe.run leaves behind: nothing, whichever way it ends.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local witness = require "spec.witness"

setup(leaks.remember)
teardown(leaks.check)

local watch

before_each(function() watch = witness.new() end)
after_each(function() watch:close() end)

-- Three generations; the last is in a session of its own, and ignores SIGTERM.
local tree = [[
  exec 9>"$1"
  (
    setsid sh -c 'trap "" TERM; echo ready >&9; sleep 1000; :' &
    wait
  ) &
  echo out
  echo err >&2
  wait
]]

local function start(options)
  return pipe.thread.spawn(pipe.run, { "sh", "-c", tree, "sh", watch.path }, options)
end

describe("Killing the light thread that runs pipe.run", function()
  local never = pipe.semaphore.new()
  local function wait_for_ever()
    never:wait(600)
  end

  -- Runs the loop until the callback has been called.
  local function called()
    local calls = 0
    return function()
      calls = calls + 1
      wait_for_ever()
    end, function()
      return eventually(function() return calls > 0 end)
    end
  end

  -- The tree is set up, the thread is killed: then nothing is left.
  local function leaves_nothing(options, before_kill)
    leaks.collect()
    local children = leaks.children()
    local descriptors = leaks.descriptors()
    local run = start(options)
    assert.equal("ready", watch:line()) -- while the loop stands still: no timeout comes before it
    if before_kill then
      before_kill()
    end
    assert.is_true(pipe.thread.kill(run))
    assert.is_true(watch:abandoned())
    assert.same({ nil, "already waited or killed" }, { pipe.thread.wait(run) })
    -- No thread waits any more, and no timer is left.
    pipe.loop.run()
    eventually(function() return #leaks.children() <= #children end)
    assert.same(children, leaks.children())
    assert.same(descriptors, leaks.descriptors())
  end

  it("kills the whole tree, and leaves no thread, timer or descriptor behind", function()
    leaves_nothing()
  end)

  it("does so with limits", function()
    leaves_nothing({ timeout = 600000, grace = 600000, drain_timeout = 600000, max_output = 100000 })
  end)

  it("does so while input is being written", function()
    leaves_nothing({ input = ("x"):rep(1048576) })
  end)

  it("does so while the input function waits", function()
    local input, has_been_called = called()
    leaves_nothing({ input = input }, has_been_called)
  end)

  for _, callback in ipairs { "on_stdout", "on_stderr" } do
    it("does so while " .. callback .. " waits", function()
      local wait, has_been_called = called()
      leaves_nothing({ [callback] = wait }, has_been_called)
    end)
  end

  it("does so in the grace after a timeout", function()
    -- The child has gone, the grandchild that ignores SIGTERM has not.
    leaves_nothing({ timeout = 1, grace = 600000, drain_timeout = 600000 }, function()
      eventually(function() return #leaks.children() == 0 end)
    end)
  end)

  it("does so while a grandchild holds the pipes after the child's exit", function()
    leaks.collect()
    local descriptors = leaks.descriptors()
    local run = pipe.thread.spawn(pipe.run, { "sh", "-c", [[
      exec 9>"$1"
      sleep 1000 &
      echo $! >&9
    ]], "sh", watch.path }, { drain_timeout = 600000 })
    local grandchild = tonumber(watch:line_in_loop())
    eventually(function() return #leaks.children() == 0 end)
    assert.is_true(pipe.thread.kill(run))
    pipe.loop.run()
    assert.same(descriptors, leaks.descriptors())
    -- It had left the tree before: its parent had gone.
    libc.C.kill(grandchild, libc.SIGKILL)
    assert.is_true(watch:abandoned())
  end)

  it("kills the tree also from a pipe.coroutine inside that thread", function()
    local run = pipe.thread.spawn(function()
      pipe.coroutine.wrap(function() pipe.run({ "sh", "-c", tree, "sh", watch.path }) end)()
    end)
    assert.equal("ready", watch:line_in_loop())
    assert.is_true(pipe.thread.kill(run))
    assert.is_true(watch:abandoned())
    pipe.loop.run()
  end)
end)

describe("pipe.run", function()
  it("leaves nothing behind where Lua cannot yield", function()
    local run = pipe.thread.spawn(function()
      return pcall(table.sort, { 2, 1 }, function() return pipe.run({ "sh", "-c", tree, "sh", watch.path }) end)
    end)
    local _, ok, message = pipe.thread.wait(run)
    assert.is_false(ok)
    assert.is_truthy(message:find("attempt to yield across C-call boundary", 1, true))
    assert.is_true(eventually(function() return #leaks.children() == 0 end))
    assert.is_true(watch:abandoned())
    pipe.loop.run()
  end)

  it("has closed all descriptors when it returns, without a collection", function()
    leaks.collect()
    eventually(function() return #leaks.children() == 0 end)
    collectgarbage("stop")
    local before = leaks.descriptors()
    assert(pipe.run("echo out; echo err >&2", { input = "text" }))
    assert(pipe.run({ "sleep", "1000" }, { timeout = 1 }))
    assert(pipe.run({ "yes" }, { max_output = 1 }))
    assert.is_nil((pipe.run({ "no-such" })))
    assert.is_false((pcall(pipe.run, { "yes" }, { on_stdout = error })))
    eventually(function() return #leaks.children() == 0 end)
    local after = leaks.descriptors()
    collectgarbage("restart")
    assert.same(before, after)
  end)

  it("works hundreds of times under a low limit of descriptors", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(pipe.run({ "true" }))
      libc.limit(libc.RLIMIT_NOFILE, 48)
      collectgarbage("stop")
      for number = 1, 300 do
        local result = assert(pipe.run({ "cat" }, { input = tostring(number), timeout = 600000 }))
        assert(result.ok and result.stdout == tostring(number))
        assert(not pipe.run({ "no-such" }))
        assert(not pcall(pipe.run, { "echo" }, { on_stdout = error }))
      end
      print "done"
    ]])
  end)

  it("says that the host has run out of descriptors, and leaves none behind", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(pipe.run({ "true" }))
      libc.limit(libc.RLIMIT_NOFILE, 32)
      local spare = {}
      repeat
        local fd = libc.C.open("/dev/null", libc.O_RDONLY, 0)
        spare[#spare + 1] = fd >= 0 and fd or nil
      until fd < 0
      local failures, result = 0, nil
      while true do
        local message, code
        result, message, code = pipe.run({ "echo", "text" }, { timeout = 60000, max_output = 100 })
        if result then
          break
        end
        failures = failures + 1
        assert(code == "EMFILE" and message:find("Too many open files"), message)
        assert(libc.C.close(table.remove(spare)) == 0)
      end
      assert(failures > 1 and result.ok and result.stdout == "text\n")
      print "done"
    ]])
  end)

  it("says so when it is /dev/null that cannot be opened, and so does pipe.shell.run", function()
    local reason = "failed to pass /dev/null as stdin: Too many open files"
    assert.equal(("nil\t%s\tEMFILE\nnil\tnil\tnil\tfailed to spawn: %s\n"):format(reason, reason), host.output [[
      local pipe = require "pipe"
      assert(pipe.run({ "true" }))
      require "spec.full_table" (32)
      print(pipe.run({ "true" }))
      print(pipe.shell.run("true"))
    ]])
  end)

  it("kills its child when the host ends meanwhile", function()
    host.adopt_orphans(true)
    for line, status in pairs { [""] = 0, ["os.exit(3)"] = 3, ["error('broken')"] = 1 } do
      local result = host.run([[
        local pipe = require "pipe"
        local pid
        pipe.thread.spawn(pipe.run, "echo $$; exec sleep 1000", { on_stdout = function(piece) pid = piece end })
        repeat pipe.sleep(0.001) until pid
        io.write(pid)
        io.stdout:flush()
      ]] .. line)
      assert.equal(status, result.status)
      host.left_nothing(host.numbers(result.stdout))
    end
    host.adopt_orphans(false)
  end)

  it("is ended by what the system refuses meanwhile, which it tells", function()
    for _, input in ipairs { "'text'", "function() return 'text' end" } do
      assert.equal("false\tTERM\tfailed to write the input: Cannot allocate memory\tENOMEM\n", host.output(([[
        local libc = require "spec.libc"
        local pipe = require "pipe"
        require "spec.sandbox"("pwritev2", libc.ENOMEM)
        local result = assert(pipe.run({ "sleep", "1000" }, { input = %s }))
        print(result.ok, pipe.signal.signame(result.status), result.error, result.code)
      ]]):format(input)))
    end
    assert.equal("nil\tfailed to write the input: Cannot allocate memory\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      require "spec.sandbox"("pwritev2", libc.ENOMEM)
      local ok, _, _, reason = pipe.shell.run("cat", "text")
      print(ok, reason)
    ]])
  end)

  it("tells the exit, or that its status is lost, where the host ignores SIGCHLD", function()
    local told = host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.C.signal(libc.SIGCHLD, libc.SIG_IGN)
      local result = assert(pipe.run("cat; exit 3", { input = "text" }))
      assert(result.stdout == "text" and result.ok == false)
      print(result.reason, result.status)
    ]]
    assert.is_true(told == "exit\t3\n" or told == "exit status lost\tnil\n", told)
  end)
end)
