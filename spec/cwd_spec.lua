-- The option cwd: where the child starts.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local output, rejected = spawning.output, spawning.rejected

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

-- Runs a script as a host that has gone to this directory. (Modules may be found by relative paths: they come first.)
local function in_host(where, script)
  return host.output(([[
    local libc = require "spec.libc"
    local pipe = require "pipe"
    assert(assert(pipe.spawn({ "true" })):wait())
    assert(libc.C.chdir("%s") == 0)
    %s
    print "done"
  ]]):format(where, script))
end

-- A hundred failures that name the directory, whether the program is there or not.
local function refused(cwd, reason, code)
  for _, program in ipairs { "true", "no-such", "./no-such" } do
    spawning.refused(("failed to enter directory '%s': %s"):format(cwd, reason), code, { cwd = cwd }, { program })
  end
end

describe("The child's directory", function()
  it("is cwd, for a program and for a shell command", function()
    assert.equal("/\n", output({ "pwd" }, { cwd = "/" }))
    assert.equal(directory .. "\n", output({ "pwd" }, { cwd = directory }))
    assert.equal(directory .. "\n", output("pwd", { cwd = directory }))
  end)

  it("may be relative to the host's", function()
    assert.equal(directory .. "\n", output({ "pwd" }, { cwd = files.relative(directory) }))
    assert.equal(libc.target("/proc/self/cwd") .. "\n", output({ "pwd" }, { cwd = "." }))
  end)

  it("may have any name", function()
    for _, name in ipairs { "two words", "-n", "line\nbreak", "\255\1", "$HOME", "'" } do
      assert.equal(0, libc.C.mkdir(path(name), 493))
      assert.equal(path(name) .. "\n", output({ "pwd" }, { cwd = path(name) }))
    end
  end)

  it("may be reached by a link", function()
    assert.equal(0, libc.C.symlink(directory, path("link")))
    assert.equal(directory .. "\n", output({ "sh", "-c", "pwd -P" }, { cwd = path("link") }))
  end)

  it("is nothing to the host, whose own stays", function()
    local before = libc.target("/proc/self/cwd")
    output({ "true" }, { cwd = directory })
    pipe.spawn({ "true" }, { cwd = "/no/such" })
    pipe.spawn({ "no-such" }, { cwd = directory })
    assert.equal(before, libc.target("/proc/self/cwd"))
  end)
end)

describe("With cwd the program", function()
  setup(function()
    assert.equal(0, libc.C.mkdir(path("bin"), 493))
    files.write(path("bin/program"), "#!/bin/sh\necho found in $PWD\n", 493)
  end)

  it("is found from there if its path is relative", function()
    assert.equal(("found in %s\n"):format(path("bin")), output({ "./program" }, { cwd = path("bin") }))
    assert.equal(("found in %s\n"):format(directory), output({ "bin/program" }, { cwd = directory }))
    assert.equal(("found in %s\n"):format(path("bin")), output({ "../bin/program" }, { cwd = path("bin") }))
  end)

  it("is not found from the host's directory", function()
    assert.equal("done\n", in_host(path("bin"), [[
      assert(assert(pipe.spawn({ "./program" })):wait())
      local proc, message, code = pipe.spawn({ "./program" }, { cwd = "/" })
      assert(proc == nil and code == "ENOENT")
      assert(message == "failed to spawn './program': No such file or directory", message)
    ]]))
  end)

  it("is found by its absolute path from everywhere", function()
    assert.equal("found in /\n", output({ path("bin/program") }, { cwd = "/" }))
  end)

  it("is looked up in the host's PATH if it has no slash, not in cwd", function()
    assert.equal("text\n", output({ "echo", "text" }, { cwd = path("bin") }))
    spawning.refused("failed to spawn 'program': No such file or directory", "ENOENT", { cwd = path("bin") },
      { "program" })
  end)

  it("is looked up there by an element of PATH that is empty or relative", function()
    for element, cwd in pairs { [""] = path("bin"), ["."] = path("bin"), bin = directory } do
      assert.equal("done\n", in_host("/", ([[
        libc.C.setenv("PATH", "%s:/no/such", 1)
        assert(pipe.run({ "program" }, { cwd = "%s" }).stdout == "found in %s\n")
        assert(select(3, pipe.run({ "program" })) == "ENOENT")
      ]]):format(element, cwd, cwd)))
    end
  end)
end)

describe("A directory that cannot be entered fails the spawn:", function()
  it("one that is missing", function()
    refused("/no/such", "No such file or directory", "ENOENT")
    refused("no-such", "No such file or directory", "ENOENT")
    refused("", "No such file or directory", "ENOENT")
  end)

  it("one that has been removed", function()
    assert.equal(0, libc.C.mkdir(path("removed"), 493))
    assert.equal(path("removed") .. "\n", output({ "pwd" }, { cwd = path("removed") }))
    assert(os.remove(path("removed")))
    refused(path("removed"), "No such file or directory", "ENOENT")
  end)

  it("one that is a file", function()
    refused("/etc/passwd", "Not a directory", "ENOTDIR")
  end)

  it("one that is a link to itself", function()
    assert.equal(0, libc.C.symlink("loop", path("loop")))
    refused(path("loop"), "Too many levels of symbolic links", "ELOOP")
  end)

  it("one whose name is too long", function()
    refused("/" .. ("x"):rep(300), "File name too long", "ENAMETOOLONG")
  end)

  it("one that the host may not enter", function()
    assert.equal(0, libc.C.mkdir(path("private"), 0))
    assert.equal("done\n", in_host("/", ([[
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0)
      end
      local proc, message, code = pipe.spawn({ "true" }, { cwd = "%s" })
      assert(proc == nil and code == "EACCES")
      assert(message == "failed to enter directory '%s': Permission denied", message)
    ]]):format(path("private"), path("private"))))
    assert(os.remove(path("private")))
  end)
end)

describe("A host whose own directory is gone", function()
  it("has children, there and elsewhere", function()
    assert.equal(0, libc.C.mkdir(path("gone"), 493))
    assert.equal("done\n", in_host(path("gone"), ([[
      assert(os.remove("%s"))
      assert(assert(pipe.spawn({ "true" })):wait())
      assert(assert(pipe.spawn({ "true" }, { cwd = "." })):wait())
      local elsewhere = assert(pipe.spawn({ "pwd" }, { cwd = "/" }))
      assert(elsewhere:stdout_read_all() == "/\n")
      local proc, message, code = pipe.spawn({ "true" }, { cwd = "below" })
      assert(proc == nil and code == "ENOENT")
      assert(message == "failed to enter directory 'below': No such file or directory", message)
    ]]):format(path("gone"))))
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when cwd is not a string", function()
    rejected("bad cwd option: string expected, got number", { cwd = 1 })
    rejected("bad cwd option: string expected, got boolean", { cwd = true })
    rejected("bad cwd option: string expected, got table", { cwd = {} })
    rejected("bad cwd option: string expected, got function", { cwd = print })
  end)

  it("when a NUL byte would cut cwd off", function()
    rejected("bad cwd option: string without NUL expected", { cwd = "/\0tmp" })
    rejected("bad cwd option: string without NUL expected", { cwd = "\0" })
  end)
end)
