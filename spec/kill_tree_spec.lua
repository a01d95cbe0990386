-- proc:kill_tree: a signal for a child and all its descendants, in whatever group or session they are.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local state = require "spec.state"
local thrown = require "spec.thrown"
local witness = require "spec.witness"

setup(leaks.remember)
teardown(leaks.check)

-- Starts a shell script with these arguments; its first line on stdout says that all is set up.
local function started(script, arguments, options)
  local proc = assert(pipe.spawn({ "sh", "-c", script, "sh", unpack(arguments or {}) }, options))
  assert.equal("ready", proc:stdout_read_line())
  return proc
end

-- Eight processes in a tree of three generations. On TERM each says so and ends, on USR1 it only says so.
local function perl_tree()
  local proc = assert(pipe.spawn({ "perl", "-e", [[
    $SIG{USR1} = sub { syswrite STDOUT, "usr1\n" };
    $SIG{TERM} = sub { syswrite STDOUT, "term\n"; exit 0 };
    fork; fork; fork;
    syswrite STDOUT, "ready\n";
    select undef, undef, undef, 0.05 while 1;
  ]] }))
  for _ = 1, 8 do
    assert.equal("ready", proc:stdout_read_line())
  end
  return proc
end

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  -- All that descend from the child hold its stdout: its end of file tells that none of them is left.
  describe("proc:kill_tree, in " .. place.name .. ",", function()
    case("kills a child that has no children", function()
      local proc = assert(pipe.spawn({ "cat" }))
      assert.is_true(proc:kill_tree("KILL"))
      assert.same({ false, "signal", 9 }, { proc:wait() })
    end)

    case("kills children and grandchildren", function()
      local proc = started("sleep 1000 & (sleep 1000; :) & sh -c 'sleep 1000; :' & echo ready; wait")
      assert.is_true(proc:kill_tree("KILL"))
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.equal("", proc:stdout_read_all())
    end)

    case("reaches grandchildren that lead a session or a group of their own", function()
      local proc = started([[
        setsid sh -c "setsid sh -c 'echo ready; sleep 1000; :' & wait" &
        set -m
        sleep 1000 &
        wait
      ]])
      assert.is_true(proc:kill_tree("KILL"))
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.equal("", proc:stdout_read_all())
    end)

    case("signals each once, the whole tree", function()
      local proc = perl_tree()
      assert.is_true(proc:kill_tree("TERM"))
      assert.equal(("term\n"):rep(8), proc:stdout_read_all())
      assert.same({ true, "exit", 0 }, { proc:wait() })
    end)

    case("leaves those running that live on", function()
      local proc = perl_tree()
      for _ = 1, 2 do
        assert.is_true(proc:kill_tree("USR1"))
        for _ = 1, 8 do
          assert.equal("usr1", proc:stdout_read_line())
        end
      end
      assert.is_true(proc:kill_tree(15))
      assert.equal(("term\n"):rep(8), proc:stdout_read_all())
    end)

    case("with 0 only asks", function()
      local proc = perl_tree()
      assert.is_true(proc:kill_tree(0))
      assert.is_true(proc:kill_tree("TERM"))
      assert.equal(("term\n"):rep(8), proc:stdout_read_all())
      proc:wait()
      assert.same({ nil, "exited" }, { proc:kill_tree(0) })
    end)

    case("ends those that were stopped before", function()
      local proc = started("sleep 1000 & kill -STOP $!; echo ready; wait")
      assert.is_true(proc:kill("STOP"))
      assert.is_true(eventually(function() return state(proc:pid()) == "T" end))
      assert.is_true(proc:kill_tree("TERM"))
      assert.same({ false, "signal", 15 }, { proc:wait() })
      assert.equal("", proc:stdout_read_all())
    end)

    case("ends hundreds of processes", function()
      local proc = started([[
        i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i + 1)); done; echo ready; wait
      ]])
      assert.is_true(proc:kill_tree("KILL"))
      assert.equal("", proc:stdout_read_all())
    end)
  end)
end

-- Each of three children, one of them in a session of its own, goes on making processes that last, and killing its
-- oldest one. One that was missed would hold the child's stdout for ever. By the system call: perl's own fork blocks
-- all signals meanwhile, so that SIGTERM could not keep it from making one more process when it is continued.
local forking = [[
  for my $number (1 .. 3) {
    next if fork;
    syscall(SETSID) if $number == 1;
    my @young;
    for (my $turn = 0;; $turn++) {
      my $pid = syscall(FORK);
      next if $pid < 0;
      if (!$pid) { sleep 1000 while 1 }
      push @young, $pid;
      if (@young > 5) { my $oldest = shift @young; kill 9, $oldest; waitpid $oldest, 0 }
      syswrite STDOUT, "ready\n" if $turn == 5;
    }
  }
  sleep 1000 while 1;
]]
-- arm64 has no fork(2), but clone(2) with SIGCHLD.
local calls = { SETSID = "112", FORK = "57" }
if jit.arch == "arm64" then
  calls = { SETSID = "157", FORK = "220, 17, 0, 0, 0, 0" }
end
forking = forking:gsub("%u%u%u%u+", calls)

describe("proc:kill_tree", function()
  for _, signal in ipairs { "KILL", "TERM" } do
    it("misses none of a tree that forks all the time, with SIG" .. signal, function()
      for _ = 1, 5 do
        local proc = assert(pipe.spawn({ "perl", "-e", forking }))
        for _ = 1, 3 do
          assert.equal("ready", proc:stdout_read_line())
        end
        assert.is_true(proc:kill_tree(signal))
        assert.equal("", proc:stdout_read_all())
        assert.is_false((proc:wait()))
      end
    end)
  end

  it("leaves the host's other children alone", function()
    local other, proc = assert(pipe.spawn({ "cat" })), assert(pipe.spawn({ "cat" }))
    assert.is_true(proc:kill_tree("KILL"))
    proc:wait()
    assert.equal(4, other:write("text"))
    assert.equal("text", other:stdout_read_any(10))
  end)

  it("does not mind a descendant that is dead but not reaped", function()
    local proc = assert(pipe.spawn({ "perl", "-e", [[
      my $pid = fork;
      exit 0 if !$pid;
      open my $stat, '<', "/proc/$pid/stat" or die;
      my $line;
      do { seek $stat, 0, 0; $line = <$stat> } until $line =~ /\) Z /;
      syswrite STDOUT, "ready\n";
      sleep 1000;
    ]] }))
    assert.equal("ready", proc:stdout_read_line())
    assert.is_true(proc:kill_tree("TERM"))
    assert.same({ false, "signal", 15 }, { proc:wait() })
  end)

  it("says that the child has exited", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:wait()
    assert.same({ nil, "exited" }, { proc:kill_tree("KILL") })
  end)

  it("says so also when nobody has waited for it yet, and uses nothing up", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
    libc.await_exit(proc:pid())
    assert.same({ nil, "exited" }, { proc:kill_tree(15) })
    assert.same({ nil, "exited" }, { proc:kill_tree(0) })
    assert.same({ false, "exit", 3 }, { proc:wait() })
  end)

  it("says so after close", function()
    local proc = assert(pipe.spawn({ "cat" }))
    proc:close()
    assert.same({ nil, "exited" }, { proc:kill_tree("KILL") })
  end)

  it("wakes the thread that waits", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    assert.is_true(proc:kill_tree("TERM"))
    assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(waiter) })
  end)

  it("takes names with and without SIG", function()
    for _, name in ipairs { "INT", "SIGINT" } do
      local proc = assert(pipe.spawn({ "cat" }))
      assert.is_true(proc:kill_tree(name))
      assert.same({ false, "signal", 2 }, { proc:wait() })
    end
  end)

  it("says of a number that is no signal that it is invalid, and signals nobody", function()
    local proc = assert(pipe.spawn({ "cat" }))
    for _, signum in ipairs { 65, 10000, -1, -9, 1.5, 4294967305, 1e300, 0 / 0, 1 / 0, -1 / 0 } do
      assert.same({ nil, "invalid signal" }, { proc:kill_tree(signum) })
    end
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("throws for anything else, before anybody is signalled", function()
    local proc = assert(pipe.spawn({ "cat" }))
    thrown("bad signal arg: number expected, got FOO", proc.kill_tree, proc, "FOO")
    thrown("bad signal arg: number expected, got nil", proc.kill_tree, proc)
    thrown("bad signal arg: number expected, got true", proc.kill_tree, proc, true)
    assert.same({ nil, "running" }, { proc:try_wait() })
    thrown("not a process instance", proc.kill_tree, {}, "TERM")
  end)

  it("says why where the host may not signal them", function()
    if libc.C.geteuid() ~= 0 then
      pending("only root can start a child that it may not signal later")
    end
    local output = host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local proc = assert(pipe.spawn("cat & cat"))
      assert(libc.C.setuid(65534) == 0)
      print(proc:kill_tree("TERM"))
      print(proc:try_wait())
    ]]
    assert.equal("nil\tOperation not permitted\tEPERM\nnil\trunning\n", output)
  end)

  it("leaves no descriptor open", function()
    leaks.await_children()
    local proc = perl_tree()
    local before = leaks.descriptors()
    for _ = 1, 5 do
      assert.is_true(proc:kill_tree(0))
    end
    assert.same(before, leaks.descriptors())
    proc:kill_tree("KILL")
  end)
end)

-- A daemon copies what comes through one FIFO to another; its parent has gone before the child says "ready".
local daemon = [[
  (%s cat <"$1" >"$2" 2>/dev/null &)
  echo ready
  read line
]]

describe("A daemon whose parent has gone", function()
  local answers, questions

  before_each(function()
    answers, questions = witness.new(), os.tmpname()
    os.remove(questions)
    assert.equal(0, libc.C.mkfifo(questions, 384))
  end)
  after_each(function()
    answers:close()
    os.remove(questions)
  end)

  -- The daemon has opened both once a writer gets its own end open.
  local function start(before_cat, options)
    local proc = started(daemon:format(before_cat), { questions, answers.path }, options)
    local file = assert(io.open(questions, "w"))
    file:setvbuf("no")
    file:write("first\n")
    assert.equal("first", answers:line())
    return proc, file
  end

  for name, before_cat in pairs { ["in the child's session"] = "", ["in a session of its own"] = "setsid" } do
    it("and that is " .. name .. " is out of reach of kill_tree", function()
      local proc, file = start(before_cat)
      assert.is_true(proc:kill_tree("KILL"))
      assert.same({ false, "signal", 9 }, { proc:wait() })
      file:write("second\n")
      assert.equal("second", answers:line())
      file:close()
      assert.is_true(answers:abandoned())
    end)

    it("and that is " .. name .. " is reached where the child is a subreaper", function()
      local proc, file = start(before_cat, { subreaper = true })
      assert.is_true(proc:kill_tree("KILL"))
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.is_true(answers:abandoned())
      file:close()
    end)
  end
end)
