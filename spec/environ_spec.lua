-- The child's environment.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

-- The child's variables, sorted. `env -0` ends each with a NUL, since a value may hold line ends.
local function variables(environ)
  local proc = assert(pipe.spawn({ "env", "-0" }, { environ = environ }))
  local list = {}
  for variable in proc:stdout_read_all():gmatch("%Z+") do
    list[#list + 1] = variable
  end
  assert.is_true((proc:wait()))
  table.sort(list)
  return list
end

describe("The child's environment", function()
  it("is the host's, unless environ is given", function()
    local own = libc.environment()
    table.sort(own)
    assert.same(own, variables(nil))
  end)

  it("is the host's as it is at that moment", function()
    libc.C.setenv("PIPE_SPEC_VARIABLE", "now", 1)
    local proc = assert(pipe.spawn("echo $PIPE_SPEC_VARIABLE"))
    assert.equal("now", proc:stdout_read_line())
    libc.C.unsetenv("PIPE_SPEC_VARIABLE")
    proc = assert(pipe.spawn("echo ${PIPE_SPEC_VARIABLE-gone}"))
    assert.equal("gone", proc:stdout_read_line())
  end)

  it("is exactly environ, if that is given", function()
    assert.same({ "A=1", "B=2" }, variables({ "B=2", "A=1" }))
  end)

  it("is empty, if environ is", function()
    assert.same({}, variables({}))
  end)

  it("has the last of equal names", function()
    assert.same({ "A=3", "B=2" }, variables({ "A=1", "B=2", "A=3" }))
    assert.same({ "A=", "AB=2" }, variables({ "A=1", "AB=2", "A=2", "A=" }))
  end)

  it("may have empty values, and values with anything in them", function()
    local odd = { "A=", "B=b=c", "C==", "D= two words ", "E=line\nbreak", "F=\255\1\r" }
    assert.same(odd, variables(odd))
  end)

  it("may be large", function()
    local many = {}
    for number = 1, 2000 do
      many[number] = ("V%04d=%s"):format(number, ("x"):rep(100))
    end
    assert.same(many, variables(many))
  end)

  it("does not change the host's", function()
    local before = libc.environment()
    variables({ "PATH=/elsewhere", "PIPE_SPEC_VARIABLE=1" })
    assert.same(before, libc.environment())
  end)

  it("is given to a shell command too", function()
    local proc = assert(pipe.spawn("echo $A", { environ = { "A=for the shell" } }))
    assert.equal("for the shell", proc:stdout_read_line())
  end)

  it("does not keep the caller's table", function()
    local environ = { "A=1" }
    local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $A" }, { environ = environ }))
    environ[1] = "A=2"
    proc:write("go\n")
    assert.equal("1", proc:stdout_read_line())
  end)
end)
