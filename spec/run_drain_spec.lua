-- pipe.run and a grandchild that holds a pipe after the child's exit.
local exited = require "spec.exited"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local runs = require "spec.runs"

setup(leaks.remember)
teardown(leaks.check)
before_each(runs.open)
after_each(runs.close)

local minute = 60000

describe("A grandchild that holds a pipe after the child's exit", function()
  local holding = [[
    sleep 1000 %s &
    echo $! >&9
    echo out
    exit %d
  ]]

  for name, redirect in pairs {
    ["both pipes"] = "", ["stdout only"] = "2>/dev/null", ["stderr only"] = ">/dev/null",
  } do
    for _, place in ipairs(places) do
      it("(" .. name .. ") hides neither output nor exit, in " .. place.name, function()
        place.run(function()
          for _, status in ipairs { 0, 3 } do
            local run = runs.start(holding:format(redirect, status), { drain_timeout = 1 })
            local pid = tonumber(runs.watch:line())
            local result = runs.finish(run)
            assert.same({ status == 0, "exit", status, false, false }, runs.fate(result))
            assert.same({ "out\n", "" }, { result.stdout, result.stderr })
            assert.is_true(runs.watch:held(), "the grandchild was killed")
            assert.equal(0, libc.C.kill(pid, libc.SIGKILL))
            assert.is_true(runs.watch:abandoned())
          end
        end)
      end)
    end
  end

  it("does so without the option, too", function()
    local run = runs.start(holding:format("", 3))
    local pid = tonumber(runs.watch:line())
    assert.same({ false, "exit", 3, false, false }, runs.fate(runs.finish(run)))
    assert.equal(0, libc.C.kill(pid, libc.SIGKILL))
    assert.is_true(runs.watch:abandoned())
  end)

  it("is listened to as long as drain_timeout", function()
    local run = runs.start([[
      (read word <"$1"; echo $word; echo $word >&2) &
      echo $$ >&9
      echo early
      exit 0
    ]], { drain_timeout = minute })
    assert.is_true(exited(runs.watch:line()))
    -- The exit has been seen, but not the end of its output.
    pipe.sleep(0)
    pipe.sleep(0)
    runs.tell("late\n")
    local result = runs.finish(run)
    assert.same({ true, "exit", 0, false, false }, runs.fate(result))
    assert.same({ "early\nlate\n", "late\n" }, { result.stdout, result.stderr })
  end)

  it("does not keep the run busy by writing on and on", function()
    local run = runs.start([[
      (while :; do echo line; done) &
      exit 3
    ]], { drain_timeout = 1 })
    assert.same({ false, "exit", 3, false, false }, runs.fate(runs.finish(run)))
    -- The host's end is closed: the writer dies of it.
    assert.is_true(runs.watch:abandoned())
  end)

  it("does not cut what the child itself had written", function()
    -- As much as the pipe holds, unread when the child exits.
    local run = runs.start([[
      sleep 1000 &
      pid=$!
      perl -e 'syswrite STDOUT, "o" x 65536; syswrite STDERR, "e" x 65536'
      echo $$ >&9
      echo $pid >&9
      exit 0
    ]], { drain_timeout = 1 })
    local child, pid = runs.watch:line(), tonumber(runs.watch:line())
    assert.is_true(exited(child))
    local result = runs.finish(run)
    assert.same({ true, "exit", 0, false, false }, runs.fate(result))
    assert.is_true(result.stdout == ("o"):rep(65536))
    assert.is_true(result.stderr == ("e"):rep(65536))
    assert.equal(0, libc.C.kill(pid, libc.SIGKILL))
  end)
end)
