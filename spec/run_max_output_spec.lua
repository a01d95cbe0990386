-- pipe.run with max_output: how much is kept, and who is ended.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local runs = require "spec.runs"

setup(leaks.remember)
teardown(leaks.check)
before_each(runs.open)
after_each(runs.close)

local minute = 60000

-- Descriptor 3 is the other stream.
for name, redirect in pairs { stdout = "exec 3>&2; ", stderr = "exec 3>&1 >&2; " } do
  local other = name == "stdout" and "stderr" or "stdout"

  describe("pipe.run with max_output, for " .. name .. ",", function()
    for _, place in ipairs(places) do
      it("keeps that many bytes, and ends the program, in " .. place.name, function()
        place.run(function()
          local result = assert(pipe.run(redirect .. "exec yes", { max_output = 10001 }))
          assert.same({ false, "signal", 15, false, true }, runs.fate(result))
          assert.is_true(result[name] == ("y\n"):rep(5000) .. "y")
          assert.equal("", result[other])
        end)
      end)
    end

    it("is content with just as much", function()
      local result = assert(pipe.run(redirect .. "printf 12345", { max_output = 5 }))
      assert.same({ true, "exit", 0, false, false }, runs.fate(result))
      assert.equal("12345", result[name])
    end)

    it("cuts one byte more", function()
      local result = assert(pipe.run(redirect .. "printf 123456", { max_output = 5 }))
      assert.is_false(result.ok)
      assert.is_true(result.truncated)
      assert.equal("12345", result[name])
    end)

    it("ends the whole tree, also those whose parent has gone meanwhile", function()
      local run = runs.start(redirect .. runs.stubborn_family .. [[
        read line <"$1"
        echo too much
        wait
      ]], { max_output = 5, grace = 1 })
      assert.equal("ready", runs.watch:line())
      assert.equal("ready", runs.watch:line())
      runs.tell("go\n")
      local result = runs.finish(run)
      assert.same({ false, "signal", "either", false, true }, runs.fate_of_hurried(result))
      assert.equal("too m", result[name])
      assert.is_true(runs.watch:abandoned())
    end)

    it("goes on draining, so that the program can end in its own way", function()
      local result = assert(pipe.run(redirect .. [[exec perl -e '
        $SIG{TERM} = sub {
          open my $other, ">&=3";
          syswrite $other, "bye";
          print "more" x 250000;
          close STDOUT;
          exit 5;
        };
        $| = 1;
        print "0123456789" x 10;
        select undef, undef, undef, 0.05 while 1;
      ']], { max_output = 15, grace = minute }))
      assert.same({ false, "exit", 5, false, true }, runs.fate(result))
      assert.equal("012345678901234", result[name])
      assert.equal("bye", result[other])
    end)
  end)
end

describe("pipe.run with max_output", function()
  it("counts each stream for itself", function()
    local result = assert(pipe.run("printf 12345; printf 67890 >&2", { max_output = 5 }))
    assert.same({ true, "exit", 0, false, false }, runs.fate(result))
    assert.same({ "12345", "67890" }, { result.stdout, result.stderr })
  end)

  it("does not count the input", function()
    local result = assert(pipe.run("wc -c", { input = ("x"):rep(100000), max_output = 10 }))
    assert.is_true(result.ok)
    assert.equal(100000, tonumber(result.stdout))
  end)
end)
