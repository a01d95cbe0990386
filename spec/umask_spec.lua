-- The option umask: which permissions the files that the child makes do not get.
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local spawning = require "spec.spawning"

local output = spawning.output

local nan, infinity = 0 / 0, 1 / 0

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

describe("The option umask", function()
  it("is the child's, as a number or octal digits", function()
    for value, expected in pairs { [0] = "0000", [18] = "0022", [63] = "0077", [511] = "0777" } do
      assert.equal(expected .. "\n", output("umask", { umask = value }))
      assert.equal(expected .. "\n", output("umask", { umask = expected }))
    end
    assert.equal("0022\n", output("umask", { umask = "22" }))
    assert.equal("0027\n", output("umask", { umask = "027" }))
    assert.equal("0000\n", output("umask", { umask = "0" }))
  end)

  it("holds for the files that the child makes", function()
    local file = directory .. "/made"
    assert.equal("640\n", output({ "sh", "-c", ">$0; stat -c %a $0", file }, { umask = "027" }))
  end)

  it("does not touch the host's", function()
    local before = libc.C.umask(18)
    output("umask", { umask = 63 })
    assert.equal(18, libc.C.umask(before))
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when umask is neither a number from 0 to 511 nor octal digits", function()
    for _, value in ipairs {
      -1, 512, 1.5, nan, infinity, "8", "09", "0x1f", "", " 22", "-1", "1000", "u=rwx", true, {}, print,
    } do
      spawning.rejected("bad umask option: ", { umask = value })
    end
  end)
end)
