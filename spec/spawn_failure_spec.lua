-- What pipe.spawn returns when the world says no: nil, the culprit and the reason, and the errno's name.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local ffi = require "ffi"

local directory

local function path(name)
  return directory .. "/" .. name
end

local function create(name, mode, text)
  local file = assert(io.open(path(name), "w"))
  file:write(text)
  file:close()
  assert.equal(0, libc.C.chmod(path(name), mode))
  return path(name)
end

local function refused(args, reason, code, options)
  local program = type(args) == "table" and args[1] or "/bin/sh"
  assert.same({ nil, ("failed to spawn '%s': %s"):format(program, reason), code }, { pipe.spawn(args, options) })
  assert.same({}, leaks.children())
end

describe("A program that cannot be executed", function()
  setup(function()
    directory = ffi.string(libc.C.mkdtemp(ffi.new("char[?]", 32, "/tmp/pipe_spec.XXXXXX")))
  end)
  teardown(function()
    os.execute("rm -r " .. directory)
  end)

  it("is missing from the PATH", function()
    refused({ "no-such" }, "No such file or directory", "ENOENT")
    refused({ "no-such", "with", "arguments" }, "No such file or directory", "ENOENT")
  end)

  it("is missing at its path", function()
    refused({ "/no/such" }, "No such file or directory", "ENOENT")
    refused({ "./no-such" }, "No such file or directory", "ENOENT")
  end)

  it("has an empty name", function()
    refused({ "" }, "No such file or directory", "ENOENT")
  end)

  it("names an interpreter that is missing", function()
    refused({ create("orphan", 493, "#!/no/such/interpreter\n") }, "No such file or directory", "ENOENT")
  end)

  it("is not executable", function()
    refused({ create("data", 420, "#!/bin/sh\n") }, "Permission denied", "EACCES")
  end)

  it("is a directory", function()
    refused({ "/" }, "Permission denied", "EACCES")
  end)

  it("is a file without #!, which is not taken for a shell script", function()
    refused({ create("script", 493, "echo run by a shell\n") }, "Exec format error", "ENOEXEC")
  end)

  it("is an empty file", function()
    refused({ create("empty", 493, "") }, "Exec format error", "ENOEXEC")
  end)

  it("lies below a file instead of a directory", function()
    refused({ create("file", 420, "") .. "/program" }, "Not a directory", "ENOTDIR")
  end)

  it("is a link that leads to itself", function()
    assert.equal(0, libc.C.symlink("loop", path("loop")))
    refused({ path("loop") }, "Too many levels of symbolic links", "ELOOP")
  end)

  it("has a name that no file can have", function()
    refused({ "/" .. ("x"):rep(300) }, "File name too long", "ENAMETOOLONG")
  end)

  it("gets an argument that is too long", function()
    refused({ "echo", ("x"):rep(200000) }, "Argument list too long", "E2BIG")
    refused("echo " .. ("x"):rep(200000), "Argument list too long", "E2BIG")
  end)

  it("gets an environment that is too long", function()
    refused({ "true" }, "Argument list too long", "E2BIG", { environ = { "A=" .. ("x"):rep(200000) } })
  end)

  it("fails in the same way with every option", function()
    refused({ "no-such" }, "No such file or directory", "ENOENT",
      { merge_stderr = true, buffer_size = 1, environ = {}, wait_timeout = 0 })
  end)

  it("leaves nothing behind, a thousand times over", function()
    local before = leaks.descriptors()
    local script = create("thousand", 493, "no interpreter")
    for _ = 1, 500 do
      assert.is_nil((pipe.spawn({ "no-such" })))
      assert.is_nil((pipe.spawn({ script })))
    end
    assert.same({}, leaks.children())
    assert.same(before, leaks.descriptors())
  end)

  it("does not disturb a child that runs", function()
    local proc = assert(pipe.spawn({ "cat" }))
    assert.is_nil((pipe.spawn({ "no-such" })))
    assert.equal(5, proc:write("hello"))
    assert.equal("hello", proc:stdout_read_any(10))
    proc:shutdown("stdin")
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)
end)

describe("The program is looked up in the host's PATH", function()
  local saved = os.getenv("PATH")
  local first, second

  before_each(function()
    directory = ffi.string(libc.C.mkdtemp(ffi.new("char[?]", 32, "/tmp/pipe_spec.XXXXXX")))
    first, second = path("first"), path("second")
    os.execute("mkdir " .. first .. " " .. second)
    libc.C.setenv("PATH", first .. ":" .. second .. ":" .. saved, 1)
  end)
  after_each(function()
    libc.C.setenv("PATH", saved, 1)
    os.execute("rm -r " .. directory)
  end)

  local function output(name, options)
    local proc = assert(pipe.spawn({ name }, options))
    assert.is_true((proc:wait()))
    return proc:stdout_read_all()
  end

  it("in its order", function()
    create("second/program", 493, "#!/bin/sh\necho second\n")
    assert.equal("second\n", output("program"))
    create("first/program", 493, "#!/bin/sh\necho first\n")
    assert.equal("first\n", output("program"))
  end)

  it("passing by files that may not be executed", function()
    create("first/program", 420, "#!/bin/sh\necho first\n")
    create("second/program", 493, "#!/bin/sh\necho second\n")
    assert.equal("second\n", output("program"))
  end)

  it("and if there are only such, it is not allowed", function()
    create("first/program", 420, "")
    refused({ "program" }, "Permission denied", "EACCES")
  end)

  it("and a file in it without #! is not run by a shell", function()
    create("first/program", 493, "echo run by a shell\n")
    refused({ "program" }, "Exec format error", "ENOEXEC")
  end)

  it("passing by what is no directory", function()
    create("third", 420, "")
    libc.C.setenv("PATH", path("third") .. ":/no/such:" .. saved, 1)
    assert.equal("", output("true"))
  end)

  it("also when environ gives the child another", function()
    create("first/program", 493, "#!/bin/sh\necho $PATH\n")
    assert.equal("/elsewhere\n", output("program", { environ = { "PATH=/elsewhere" } }))

    libc.C.setenv("PATH", saved, 1)
    refused({ "program" }, "No such file or directory", "ENOENT", { environ = { "PATH=" .. first } })
  end)

  it("but not if it contains a slash", function()
    create("first/program", 493, "#!/bin/sh\necho first\n")
    refused({ "./program" }, "No such file or directory", "ENOENT")
  end)
end)

describe("A host that has run out", function()
  -- Fills the descriptor table and then frees one after the other, until a child can be started.
  local fill = [[
    local libc = require "spec.libc"
    local pipe = require "pipe"
    %s
    local spare, free = require "spec.full_table" (64)
    local proc, message, code
    local tries = 0
    repeat
      -- The first try may have made what the library keeps.
      pipe.spawn({ "no-such" })
      local before = free()
      proc, message, code = pipe.spawn({ "cat" })
      if not proc then
        assert(message == "failed to spawn 'cat': Too many open files", message)
        assert(code == "EMFILE", code)
        assert(free() == before, "a failed spawn kept a descriptor")
        assert(libc.C.close(table.remove(spare)) == 0)
      end
      tries = tries + 1
    until proc
    assert(tries > 1)
    assert(proc:write("new") == 3 and proc:stdout_read_any(9) == "new")
    %s
    print "done"
  ]]

  it("of descriptors gets EMFILE, whatever is still free, and what was running goes on", function()
    local script = fill:format([[ local old = assert(pipe.spawn({ "cat" })) ]],
      [[ assert(old:write("old") == 3 and old:stdout_read_any(9) == "old") ]])
    assert.equal("done\n", host.output(script))
  end)

  it("of descriptors before its first child gets EMFILE too", function()
    assert.equal("done\n", host.output(fill:format("", "")))
  end)

  it("of descriptors collects what garbage holds, and tries again", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.limit(libc.RLIMIT_NOFILE, 64)
      collectgarbage("stop")
      for _ = 1, 200 do
        assert(pipe.spawn({ "cat" }))
      end
      print "done"
    ]])
  end)

  it("of processes gets EAGAIN, and what was running goes on", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local old = assert(pipe.spawn({ "cat" }))
      -- Root is above the limit.
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0)
      end
      libc.limit(libc.RLIMIT_NPROC, 0)
      for _ = 1, 10 do
        local proc, message, code = pipe.spawn({ "true" })
        assert(proc == nil)
        assert(message == "failed to spawn 'true': Resource temporarily unavailable", message)
        assert(code == "EAGAIN", code)
      end
      assert(old:write("old") == 3 and old:stdout_read_any(9) == "old")
      old:shutdown("stdin")
      assert(old:wait())
      print "done"
    ]])
  end)
end)
