-- pipe.run with a timeout: who is ended, how, and what is told of it.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local runs = require "spec.runs"
local state = require "spec.state"

setup(leaks.remember)
teardown(leaks.check)
before_each(runs.open)
after_each(runs.close)

local minute = 60000

-- Without a turn of the loop, so that no timeout passes meanwhile.
local function await_exit(pid)
  local letter
  repeat
    letter = state(pid)
  until letter == nil or letter == "Z"
end

describe("pipe.run with a timeout", function()
  for _, place in ipairs(places) do
    it("ends a program that goes on, in " .. place.name, function()
      place.run(function()
        for _, timeout in ipairs { 1, 0.25, 20 } do
          local result = assert(pipe.run({ "sleep", "1000" }, { timeout = timeout }))
          assert.same({ false, "signal", 15, true, false }, runs.fate(result))
          assert.same({ "", "" }, { result.stdout, result.stderr })
        end
      end)
    end)
  end

  it("gives what was written before", function()
    local run = runs.start("echo out; echo err >&2; echo ready >&9; exec sleep 1000", { timeout = 1 })
    assert.equal("ready", runs.watch:line())
    local result = runs.finish(run)
    assert.same({ false, "signal", 15, true, false }, runs.fate(result))
    assert.same({ "out\n", "err\n" }, { result.stdout, result.stderr })
  end)

  it("ends a program that waits for its input, or for somebody who reads its output", function()
    local wait = pipe.semaphore.new()
    local result = assert(pipe.run({ "cat" }, { timeout = 1, input = function() wait:wait(600) end }))
    assert.same({ false, "signal", 15, true, false }, runs.fate(result))
    result = assert(pipe.run({ "sleep", "1000" }, { timeout = 1, input = ("x"):rep(1048576) }))
    assert.same({ false, "signal", 15, true, false }, runs.fate(result))
  end)

  it("ends the child where /proc is another pid namespace's, and shows somebody else under its pid", function()
    local proc = host.interpret {
      through = { "unshare", "--pid", "--fork" },
      script = ([[
        local pipe = require "pipe"
        local last = io.open("/proc/sys/kernel/ns_last_pid", "w")
        if last and last:write(%d) and last:close() then
          local result = assert(pipe.run({ "sleep", "20" }, { timeout = 1 }))
          print(result.reason, result.status, result.timed_out)
        end
      ]]):format(libc.C.getpid() - 1),
    }
    local result = host.finish(proc)
    if result.stdout == "" then
      pending("a pid namespace, and the choice of a pid, are for root only")
    else
      assert.equal("signal\t15\ttrue\n", host.printed(result))
    end
  end)

  it("ends the whole tree, whatever sessions are in it", function()
    local run = runs.start([[
      setsid sh -c 'sleep 1000 & echo ready >&9; wait' &
      (sleep 1000; :) &
      echo ready >&9
      wait
    ]], { timeout = 1 })
    assert.equal("ready", runs.watch:line())
    assert.equal("ready", runs.watch:line())
    assert.same({ false, "signal", 15, true, false }, runs.fate(runs.finish(run)))
    assert.is_true(runs.watch:abandoned())
  end)

  it("kills after the grace who ignores SIGTERM, also those whose parent has gone meanwhile", function()
    local run = runs.start(runs.stubborn_family .. "wait", { timeout = 1, grace = 1 })
    assert.equal("ready", runs.watch:line())
    assert.equal("ready", runs.watch:line())
    assert.same({ false, "signal", "either", true, false }, runs.fate_of_hurried(runs.finish(run)))
    assert.is_true(runs.watch:abandoned())
  end)

  it("kills them though they hold none of the pipes", function()
    local run = runs.start([[
      setsid sh -c 'trap "" TERM; echo ready >&9; sleep 1000; :' >/dev/null 2>&1 &
      wait
    ]], { timeout = 1, grace = 1 })
    assert.equal("ready", runs.watch:line())
    assert.same({ false, "signal", "either", true, false }, runs.fate_of_hurried(runs.finish(run)))
    assert.is_true(runs.watch:abandoned())
  end)

  it("kills a child that ignores SIGTERM itself", function()
    for _, grace in ipairs { 1, 0 } do
      local run = runs.start("trap '' TERM; echo ready >&9; sleep 1000; :", { timeout = 1, grace = grace })
      assert.equal("ready", runs.watch:line())
      assert.same({ false, "signal", 9, true, false }, runs.fate(runs.finish(run)))
      assert.is_true(runs.watch:abandoned())
    end
  end)

  it("has a grace of its own", function()
    local run = runs.start(runs.stubborn_family .. "wait", { timeout = 1 })
    assert.equal("ready", runs.watch:line())
    assert.equal("ready", runs.watch:line())
    assert.same({ false, "signal", 15, true, false }, runs.fate(runs.finish(run)))
    assert.is_true(runs.watch:abandoned())
  end)

  it("takes what is written in the grace, and the exit code", function()
    local run = runs.start([[exec perl -e '
      $SIG{TERM} = sub {
        syswrite $watch, "caught\n";
        open my $questions, "<", $ARGV[0];
        <$questions>;
        syswrite STDOUT, "out" x 100000;
        syswrite STDERR, "err";
        exit 0;
      };
      open $watch, ">&=9";
      syswrite $watch, "ready\n";
      select undef, undef, undef, 0.05 while 1;
    ' "$1"]], { timeout = 1, grace = minute })
    assert.equal("ready", runs.watch:line())
    assert.equal("caught", runs.watch:line_in_loop())
    runs.tell("go\n")
    local result = runs.finish(run)
    assert.same({ false, "exit", 0, true, false }, runs.fate(result))
    assert.is_true(result.stdout == ("out"):rep(100000))
    assert.equal("err", result.stderr)
  end)

  it("gives grandchildren the whole grace too", function()
    -- The child goes at once. Its grandchild has something to say once it has been asked.
    local run = runs.start([[
      perl -e '
        $SIG{TERM} = sub {
          syswrite $watch, "caught\n";
          open my $questions, "<", $ARGV[0];
          <$questions>;
          syswrite STDOUT, "last words";
          exit 0;
        };
        open $watch, ">&=9";
        syswrite $watch, "ready\n";
        select undef, undef, undef, 0.05 while 1;
      ' "$1" &
      wait
    ]], { timeout = 1, grace = minute, drain_timeout = minute })
    assert.equal("ready", runs.watch:line())
    assert.equal("caught", runs.watch:line_in_loop())
    runs.tell("go\n")
    local result = runs.finish(run)
    assert.same({ false, "signal", 15, true, false }, runs.fate(result))
    assert.equal("last words", result.stdout)
    assert.is_true(runs.watch:abandoned())
  end)

  it("that passes after the child's exit is none, but nobody waits any longer for a grandchild", function()
    local run = runs.start("sleep 1000 & echo $! >&9; echo out; echo $$ >&9", { timeout = 1, drain_timeout = minute })
    local grandchild = tonumber(runs.watch:line())
    await_exit(runs.watch:line())
    local result = runs.finish(run)
    assert.same({ true, "exit", 0, false, false }, runs.fate(result))
    assert.equal("out\n", result.stdout)
    assert.equal(0, libc.C.kill(grandchild, libc.SIGKILL))
    assert.is_true(runs.watch:abandoned())
  end)

  it("that passes after the child's exit ends a callback that still waits", function()
    for _, callback in ipairs { "on_stdout", "on_stderr" } do
      local returned = false
      local run = runs.start("echo out; echo err >&2; echo $$ >&9", { timeout = 1, drain_timeout = minute,
        [callback] = function()
          pipe.semaphore.new():wait(minute)
          returned = true
        end })
      await_exit(runs.watch:line())
      assert.same({ false, "exit", 0, true, false }, runs.fate(runs.finish(run)))
      assert.is_false(returned)
      pipe.loop.run() -- no thread and no timer is left of it
    end
  end)

  it("ends a child whose input function gives nothing for ever", function()
    local result = assert(pipe.run({ "cat" }, { timeout = 1, input = function() return "" end }))
    assert.same({ false, "signal", 15, true, false }, runs.fate(result))
  end)

  it("does not touch a program that ends in time", function()
    for _, timeout in ipairs { 0, minute } do
      local result = assert(pipe.run("echo out; exit 3", { timeout = timeout }))
      assert.same({ false, "exit", 3, false, false }, runs.fate(result))
      assert.equal("out\n", result.stdout)
    end
    -- No timer is left of it.
    pipe.loop.run()
  end)
end)
