-- The option fds: more descriptors for the child. It has those that were asked for, and no other.
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local numbered = require "spec.numbered"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

-- Prints the open descriptors, one a line, with what is behind each.
local list = [[
  opendir D, "/proc/self/fd"; @numbers = readdir D; closedir D;
  for (@numbers) { $target = readlink "/proc/self/fd/$_"; print "$_ $target\n" if defined $target }
]]

-- What the child has from 3 on: number to target. The first three are looked at too.
local function given(options)
  options.stdout = "pipe"
  local found = {}
  for number, target in spawning.output({ "perl", "-e", list }, options):gmatch("(%d+) ([^\n]*)\n") do
    found[tonumber(number)] = target
  end
  for number = 0, 2 do
    assert.is_truthy(found[number])
    found[number] = nil
  end
  return found
end

-- Asserts that the child gets exactly what `fds` asks for, where all its values are the host's numbers.
local function passes(fds)
  local expected, numbers = {}, {}
  for number, fd in pairs(fds) do
    expected[number] = numbered.target(fd)
    numbers[#numbers + 1] = fd
  end
  local before = numbered.state(numbers)
  assert.same(expected, given({ fds = fds }))
  assert.same(before, numbered.state(numbers))
end

-- Every order of an array's elements.
local function permutations(array, done, all)
  done, all = done or {}, all or {}
  if #done == #array then
    all[#all + 1] = { unpack(done) }
  end
  for _, element in ipairs(array) do
    local used = false
    for _, other in ipairs(done) do
      used = used or other == element
    end
    if not used then
      done[#done + 1] = element
      permutations(array, done, all)
      done[#done] = nil
    end
  end
  return all
end

describe("The option fds gives the child", function()
  it("nothing when it is empty", function()
    assert.same({}, given({ fds = {} }))
  end)

  it("one more descriptor, at the number that was asked for, and none between", function()
    local close = numbered.open(directory, { 100 })
    for _, number in ipairs { 3, 4, 7, 20, 99, 101, 255, 500 } do
      passes({ [number] = 100 })
    end
    close()
  end)

  it("the same number that the host has, though it is closed on exec there", function()
    local fd = libc.C.open(files.write(path("same"), ""), libc.O_RDONLY + libc.O_CLOEXEC, 0)
    passes({ [fd] = fd })
    assert.equal(libc.FD_CLOEXEC, libc.C.fcntl(fd, libc.F_GETFD, 0))
    libc.C.close(fd)
  end)

  it("several numbers for one descriptor", function()
    local close = numbered.open(directory, { 100 })
    passes({ [3] = 100, [4] = 100, [100] = 100, [101] = 100 })
    close()
  end)

  it("a swap", function()
    local close = numbered.open(directory, { 100, 101 })
    passes({ [100] = 101, [101] = 100 })
    close()
  end)

  it("every permutation of the host's own numbers", function()
    local numbers = { 100, 101, 102, 103 }
    local close = numbered.open(directory, numbers)
    for _, order in ipairs(permutations(numbers)) do
      local fds = {}
      for index, number in ipairs(numbers) do
        fds[number] = order[index]
      end
      passes(fds)
    end
    close()
  end)

  it("chains and cycles that run in both directions", function()
    local close = numbered.open(directory, { 100, 101, 102, 103, 104 })
    passes({ [101] = 100, [102] = 101, [103] = 102, [104] = 103 })
    passes({ [100] = 101, [101] = 102, [102] = 103, [103] = 104 })
    passes({ [100] = 101, [101] = 102, [102] = 100, [103] = 104, [104] = 103 })
    passes({ [100] = 102, [101] = 102, [102] = 100, [104] = 104 })
    close()
  end)

  it("the host's first three, beside pipes of its own", function()
    passes({ [3] = 0, [4] = 1, [5] = 2 })
    passes({ [3] = 2, [4] = 2, [9] = 0 })
  end)

  it("twenty, whose numbers are those that the spawn's own pipes would take", function()
    local fds, opened = {}, {}
    for index = 1, 20 do
      opened[index] = libc.C.open(files.write(path("twenty " .. index), ""), libc.O_RDONLY, 0)
      fds[23 - index] = opened[index]
    end
    passes(fds)
    for _, fd in ipairs(opened) do
      libc.C.close(fd)
    end
  end)

  it("hundreds", function()
    local fd = libc.C.open(files.write(path("hundreds"), ""), libc.O_RDONLY, 0)
    local fds = {}
    for number = 3, 502 do
      fds[number] = fd
    end
    passes(fds)
    libc.C.close(fd)
  end)

  it("/dev/null, a file, a Lua file or the host's descriptor of the same number", function()
    local close = numbered.open(directory, { 104 })
    local file = assert(io.open(path("lua"), "w"))
    assert.same({
      [3] = "/dev/null", [5] = files.write(path("file"), ""), [7] = path("lua"), [104] = path("at 104"),
    }, given({ fds = { [3] = "null", [5] = { file = path("file") }, [7] = file, [104] = "inherit" } }))
    assert.is_true(file:close())
    close()
  end)

  it("what it needs beside redirected streams", function()
    local close = numbered.open(directory, { 100, 101 })
    local found = given({
      stdin = 101, stderr = { file = path("error") }, fds = { [100] = 101, [101] = 100, [3] = "null" },
    })
    assert.same({ [3] = "/dev/null", [100] = path("at 101"), [101] = path("at 100") }, found)
    close()
  end)

  it("what it needs beside a merged stderr", function()
    local close = numbered.open(directory, { 100 })
    assert.same({ [3] = path("at 100") }, given({ merge_stderr = true, fds = { [3] = 100 } }))
    assert.same({ [3] = path("at 100") }, given({ stderr = "stdout", fds = { [3] = 100 } }))
    close()
  end)

  it("no descriptor of the host's that was not asked for", function()
    local opened = {}
    for index = 1, 30 do
      opened[index] = libc.C.open("/dev/zero", libc.O_RDONLY, 0)
    end
    local sibling = assert(pipe.spawn({ "cat" }, { fds = { [3] = opened[1], [9] = opened[2] } }))
    passes({ [6] = opened[3], [40] = opened[30] })
    for _, fd in ipairs(opened) do
      assert.equal(0, libc.C.close(fd))
    end
    sibling:close()
  end)
end)

describe("A descriptor in fds", function()
  it("carries what the host writes, and its end of file", function()
    local reading, writing = libc.pipe()
    local proc = assert(pipe.spawn("cat <&3", { fds = { [3] = reading } }))
    libc.C.close(reading)
    assert.equal(6, libc.C.write(writing, "secret", 6))
    assert.equal("secret", proc:stdout_read_bytes(6))
    -- If the child had the other end too, this would not be the end.
    libc.C.close(writing)
    assert.equal("", proc:stdout_read_all())
    assert.is_true((proc:wait()))
  end)

  it("carries what the child writes", function()
    local reading, writing = libc.pipe()
    local proc = assert(pipe.spawn("echo text >&4", { fds = { [4] = writing } }))
    libc.C.close(writing)
    local later = assert(pipe.spawn({ "cat" }, { stdin = reading }))
    libc.C.close(reading)
    assert.equal("text\n", later:stdout_read_all())
    assert.is_true((proc:wait()))
    assert.is_true((later:wait()))
  end)

  it("survives when the child executes another program", function()
    files.write(path("kept"), "text")
    local fd = libc.C.open(path("kept"), libc.O_RDONLY + libc.O_CLOEXEC, 0)
    assert.equal("text", spawning.output("exec sh -c 'exec cat <&5'", { fds = { [5] = fd } }))
    libc.C.close(fd)
  end)

  it("that is a Lua file is flushed first", function()
    local file = assert(io.open(path("flushed"), "w"))
    file:write("host ")
    assert.is_true((assert(pipe.spawn("echo child >&3", { fds = { [3] = file } })):wait()))
    file:close()
    assert.equal("host child\n", files.read(path("flushed")))
  end)

  it("that is a file is opened for reading by default, and as its mode says", function()
    files.write(path("file"), "one\n")
    assert.equal("one\n", spawning.output("cat <&3", { fds = { [3] = { file = path("file") } } }))
    assert.equal("", spawning.output("echo two >&3", { fds = { [3] = { file = path("file"), mode = "a" } } }))
    assert.equal("one\ntwo\n", files.read(path("file")))
    assert.equal("", spawning.output("echo three >&3", { fds = { [3] = { file = path("file"), mode = "w" } } }))
    assert.equal("three\n", files.read(path("file")))
  end)

  it('that is "null" can be read and written', function()
    assert.equal("", spawning.output("cat <&3; echo text >&3", { fds = { [3] = "null" } }))
  end)

  it("leaves the caller's table as it was", function()
    local fds = { [3] = "null", [4] = { file = path("file") } }
    spawning.output({ "true" }, { fds = fds })
    assert.same({ [3] = "null", [4] = { file = path("file") } }, fds)
  end)
end)
