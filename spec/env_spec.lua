-- The option env: what is laid over the child's environment.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local rejected = spawning.rejected

setup(leaks.remember)
teardown(leaks.check)

-- The child's variables in their order. `env -0` ends each with a NUL, since a value may hold line ends.
local function listed(options)
  local list = {}
  for variable in spawning.output({ "env", "-0" }, options):gmatch("%Z+") do
    list[#list + 1] = variable
  end
  return list
end

local function variables(options)
  local map = {}
  for _, variable in ipairs(listed(options)) do
    local name, value = variable:match("^([^=]+)=(.*)$")
    assert.is_nil(map[name])
    map[name] = value
  end
  return map
end

-- The host's variables with these changes, as the child should see them.
local function hosts_with(changes)
  local map = {}
  for _, variable in ipairs(libc.environment()) do
    local name, value = variable:match("^([^=]+)=(.*)$")
    map[name] = value
  end
  for name, value in pairs(changes) do
    map[name] = value or nil
  end
  return map
end

describe("The option env", function()
  before_each(function() libc.C.setenv("PIPE_SPEC_VARIABLE", "the host's", 1) end)
  after_each(function() libc.C.unsetenv("PIPE_SPEC_VARIABLE") end)

  it("adds to the host's environment", function()
    local env = { PIPE_SPEC_NEW = "1", PIPE_SPEC_OTHER = "2" }
    assert.same(hosts_with(env), variables({ env = env }))
  end)

  it("replaces what the host has", function()
    local env = { PIPE_SPEC_VARIABLE = "the child's" }
    assert.same(hosts_with(env), variables({ env = env }))
  end)

  it("removes what is false", function()
    local env = { PIPE_SPEC_VARIABLE = false, PIPE_SPEC_NEVER_THERE = false }
    assert.same(hosts_with(env), variables({ env = env }))
    assert.is_nil(variables({ env = env }).PIPE_SPEC_VARIABLE)
  end)

  it("does all three at once", function()
    libc.C.setenv("PIPE_SPEC_SECOND", "2", 1)
    local env = { PIPE_SPEC_VARIABLE = false, PIPE_SPEC_SECOND = "3", PIPE_SPEC_NEW = "4" }
    assert.same(hosts_with(env), variables({ env = env }))
    libc.C.unsetenv("PIPE_SPEC_SECOND")
  end)

  it("changes nothing when it is empty", function()
    assert.same(hosts_with({}), variables({ env = {} }))
    assert.same(listed({}), listed({ env = {} }))
  end)

  it("goes by the host's environment of now", function()
    libc.C.setenv("PIPE_SPEC_VARIABLE", "now", 1)
    assert.equal("now", variables({ env = { A = "1" } }).PIPE_SPEC_VARIABLE)
    libc.C.unsetenv("PIPE_SPEC_VARIABLE")
    assert.is_nil(variables({ env = { A = "1" } }).PIPE_SPEC_VARIABLE)
  end)

  it("takes numbers as values", function()
    local found = variables({ env = { A = 1, B = 2.5, C = -3, D = 0 } })
    assert.same({ "1", "2.5", "-3", "0" }, { found.A, found.B, found.C, found.D })
  end)

  it("takes an empty value, which is not none", function()
    assert.equal("", variables({ env = { PIPE_SPEC_VARIABLE = "" } }).PIPE_SPEC_VARIABLE)
  end)

  it("takes values and names with anything in them but NUL, and no = in a name", function()
    local odd = {
      A = "b=c", B = "=", C = " two words ", D = "line\nbreak", E = "\255\1\r", ["a name"] = "1", ["\255"] = "2",
      ["a.b-c"] = "3", lower = "4", ["1"] = "5",
    }
    assert.same(odd, variables({ environ = {}, env = odd }))
  end)

  it("takes thousands", function()
    local many = {}
    for number = 1, 2000 do
      many[("V%04d"):format(number)] = ("x"):rep(100)
    end
    assert.same(hosts_with(many), variables({ env = many }))
  end)

  it("is laid over environ if that is given", function()
    assert.same({ B = "2", C = "3" }, variables({ environ = { "A=1", "B=2" }, env = { A = false, C = "3" } }))
    assert.same({ A = "1" }, variables({ environ = {}, env = { A = "1" } }))
    assert.same({ A = "3" }, variables({ environ = { "A=1", "A=2" }, env = { A = "3" } }))
    assert.same({}, variables({ environ = { "A=1", "A=2" }, env = { A = false } }))
    assert.same({ A = "2" }, variables({ environ = { "A=1", "A=2" }, env = {} }))
  end)

  it("does not mistake a name for another that begins with it", function()
    assert.same({ A = "1", AB = "3" }, variables({ environ = { "A=1", "AB=2" }, env = { AB = "3" } }))
    assert.same({ AB = "2" }, variables({ environ = { "A=1", "AB=2" }, env = { A = false } }))
  end)

  it("leaves the order alone, and sorts what is new by name", function()
    assert.same({ "Z=1", "B=2", "A=1", "C=3", "Y=9" },
      listed({ environ = { "Z=1", "B=2" }, env = { Y = "9", C = "3", A = "1" } }))
  end)

  it("is given to a shell command too", function()
    assert.equal("for the shell\n", spawning.output("echo $A", { env = { A = "for the shell" } }))
  end)

  it("may remove PATH, and the program is found all the same", function()
    assert.is_nil(variables({ env = { PATH = false } }).PATH)
  end)

  it("may change PATH: the child sees that, the program is looked up in the host's", function()
    assert.equal("/elsewhere", variables({ env = { PATH = "/elsewhere" } }).PATH)
    local program = assert(spawning.output("command -v env"):match("^(/.*)/env\n$"))
    spawning.refused("failed to spawn 'no-such': No such file or directory", "ENOENT", { env = { PATH = program } },
      { "no-such" })
  end)

  it("does not change the host's environment, nor the caller's table, and does not keep it", function()
    local before = libc.environment()
    local env = { PIPE_SPEC_VARIABLE = false, B = 2 }
    local proc = assert(pipe.spawn("read line; echo $B", { env = env }))
    env.B = 3
    proc:write("go\n")
    assert.equal("2", proc:stdout_read_line())
    assert.same({ PIPE_SPEC_VARIABLE = false, B = 3 }, env)
    assert.same(before, libc.environment())
    proc:wait()
  end)

  it("that is too long fails the spawn", function()
    spawning.refused("failed to spawn 'true': Argument list too long", "E2BIG", { env = { A = ("x"):rep(200000) } })
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when env is not a table", function()
    for _, value in ipairs { "A=1", 1, true, print } do
      rejected("bad env option: ", { env = value })
    end
  end)

  it("when a name in env is not a string that can be a name", function()
    for _, name in ipairs { "", "A=B", "=", "A=", "A\0", "\0", 1, true, print } do
      rejected("bad env option: ", { env = { [name] = "1" } })
    end
  end)

  it("when env looks like environ", function()
    rejected("bad env option: ", { env = { "A=1", "B=2" } })
  end)

  it("when a value in env is neither a string, nor a number, nor false", function()
    for _, value in ipairs { true, {}, print, "a\0b", "\0" } do
      rejected("bad env option: ", { env = { A = value } })
    end
  end)
end)
