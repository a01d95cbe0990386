-- The options uid, gid and groups: who the child is. What needs root is checked as root, and refused to others; that
-- it is refused is checked in every case, by a host that has given up root.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local output, rejected, refused = spawning.output, spawning.rejected, spawning.refused

local nan, infinity = 0 / 0, 1 / 0

-- A number that no user and no group has.
local STRANGER = 54321

local own_uid, own_gid = libc.C.geteuid(), libc.C.getegid()
local is_root = own_uid == 0

setup(leaks.remember)
teardown(leaks.check)

-- The numbers in a process's status: all four uids and gids (real, effective, saved, file system), and its groups.
local function ids(status)
  local found = {}
  for name, key in pairs { Uid = "uid", Gid = "gid", Groups = "groups" } do
    found[key] = {}
    for number in assert(status:match(name .. ":([^\n]*)\n")):gmatch("%d+") do
      table.insert(found[key], tonumber(number))
    end
    table.sort(found[key])
  end
  return found
end

local function child_ids(options)
  return ids(output({ "cat", "/proc/self/status" }, options))
end

local function own_ids()
  return ids(files.read("/proc/self/status"))
end

local function all(id)
  return { id, id, id, id }
end

-- Lines of a database as the system itself reads it.
local function entries(database)
  local lines = {}
  for line in output({ "getent", database }):gmatch("[^\n]+") do
    lines[#lines + 1] = line
  end
  return lines
end

local function group_number(name)
  return tonumber(output({ "getent", "group", name }):match("^[^:]*:[^:]*:(%d+)"))
end

describe("The host's own ids", function()
  it("are a child's, and asking for them changes nothing", function()
    local own = own_ids()
    assert.same(own, child_ids())
    assert.same(own, child_ids({ uid = own_uid }))
    assert.same(own, child_ids({ gid = own_gid }))
    assert.same(own, child_ids({ uid = own_uid, gid = own_gid }))
  end)

  it("stay the host's, whatever a child has", function()
    local before = own_ids()
    pipe.spawn({ "true" }, { uid = STRANGER, gid = STRANGER, groups = { STRANGER } })
    pipe.spawn({ "no-such" }, { uid = STRANGER })
    assert.same(before, own_ids())
  end)
end)

if is_root then
  describe("For root", function()
    it("uid alone makes the child that user, with its own group and groups", function()
      for _, entry in ipairs(entries("passwd")) do
        local name, uid, gid = entry:match("^([^:]*):[^:]*:(%d+):(%d+)")
        uid, gid = tonumber(uid), tonumber(gid)
        if uid ~= 0 then
          local expected = {}
          for group in output({ "id", "-G", name }):gmatch("%d+") do
            expected[tonumber(group)] = true
          end
          local found = child_ids({ uid = name })
          assert.same({ all(uid), all(gid) }, { found.uid, found.gid })
          local groups = { [gid] = true } -- where id counts the group too, the list may or may not name it
          for _, group in ipairs(found.groups) do
            groups[group] = true
          end
          assert.same(expected, groups)
        end
      end
    end)

    it("uid may be that user's number", function()
      local uid = tonumber(output({ "id", "-u", "nobody" }))
      assert.same(child_ids({ uid = "nobody" }), child_ids({ uid = uid }))
    end)

    it("a number that is no user's keeps the group, and loses all groups", function()
      local found = child_ids({ uid = STRANGER })
      assert.same({ uid = all(STRANGER), gid = all(own_gid), groups = {} }, found)
    end)

    it("gid alone keeps the user, and loses all groups", function()
      assert.same({ uid = all(0), gid = all(STRANGER), groups = {} }, child_ids({ gid = STRANGER }))
      assert.same({ uid = all(0), gid = all(group_number("daemon")), groups = {} }, child_ids({ gid = "daemon" }))
    end)

    it("an explicit gid wins over the user's", function()
      local found = child_ids({ uid = "nobody", gid = STRANGER })
      assert.same(all(STRANGER), found.gid)
      assert.are_not.same(all(0), found.uid)
    end)

    it("explicit groups win over the user's, by numbers and names", function()
      for _, options in ipairs {
        { groups = { 3, 2, 1 } }, { uid = "nobody", groups = { 3, 2, 1 } }, { gid = 5, groups = { 3, 2, 1 } },
        { uid = STRANGER, gid = STRANGER, groups = { 3, 2, 1 } },
      } do
        assert.same({ 1, 2, 3 }, child_ids(options).groups)
      end
      local expected = { STRANGER, group_number("daemon") }
      table.sort(expected)
      assert.same(expected, child_ids({ groups = { STRANGER, "daemon" } }).groups)
    end)

    it("groups may be empty, and may be many", function()
      assert.same({}, child_ids({ groups = {} }).groups)
      assert.same({}, child_ids({ uid = "nobody", groups = {} }).groups)
      local many = {}
      for number = 1, 500 do
        many[number] = 1000 + number
      end
      assert.same(many, child_ids({ groups = many }).groups)
    end)

    it("the largest ids can be asked for", function()
      -- 2^32 - 2, or less in a container that has fewer.
      local function largest(map)
        local first, count = files.read("/proc/self/" .. map):match("(%d+)%s+%d+%s+(%d+)%s*$")
        return first + count - 1
      end
      local uid, gid = largest("uid_map"), largest("gid_map")
      assert.same({ uid = all(uid), gid = all(gid), groups = { gid } },
        child_ids({ uid = uid, gid = gid, groups = { gid } }))
    end)

    it("another user's child has none of root's rights", function()
      local status = output({ "cat", "/proc/self/status" }, { uid = "nobody" })
      for _, set in ipairs { "CapPrm", "CapEff", "CapInh", "CapAmb" } do
        assert.equal("0000000000000000", status:match(set .. ":%s*(%x+)"))
      end
      assert.equal("no way back", output({ "perl", "-e", [[
        $> = 0; $< = 0; $) = "0 0"; print $> && $< ? "no way back" : "root again";
      ]] }, { uid = "nobody" }))
    end)

    it("another user's child is killed, waited for and closed as any other", function()
      local proc = assert(pipe.spawn({ "cat" }, { uid = "nobody" }))
      assert.equal(4, proc:write("text"))
      assert.equal("text", proc:stdout_read_any(10))
      assert.is_true(proc:kill("TERM"))
      assert.same({ false, "signal", 15 }, { proc:wait() })
    end)

    describe("another user's child", function()
      local directory
      setup(function() directory = files.directory() end)
      teardown(function() files.remove(directory) end)

      it("cannot start where that user may not go", function()
        refused(("failed to enter directory '%s': Permission denied"):format(directory), "EACCES",
          { uid = "nobody", cwd = directory })
      end)

      it("cannot execute what that user may not", function()
        local program = files.write(directory .. "/program", "#!/bin/sh\n", 448)
        refused(("failed to spawn '%s': Permission denied"):format(program), "EACCES", { uid = "nobody" }, { program })
      end)

      it("gets files that the host may open", function()
        local file = directory .. "/file"
        output({ "id", "-u" }, { stdin = { file = files.write(file, "text", 384) }, uid = "nobody" })
        assert.equal("text", output({ "cat" }, { stdin = { file = file }, uid = "nobody" }))
      end)
    end)
  end)
else
  describe("For a user that is not root", function()
    it("other ids and groups are refused", function()
      for _, options in ipairs {
        { uid = STRANGER }, { uid = 0 }, { gid = STRANGER }, { groups = { STRANGER } }, { uid = "root", gid = 0 },
      } do
        local proc, message, code = pipe.spawn({ "true" }, options)
        assert.is_nil(proc)
        assert.is_truthy(message:find("^failed to set %l+.*: Operation not permitted$"))
        assert.equal("EPERM", code)
      end
    end)
  end)
end

describe("A change of identity that fails halfway", function()
  -- The steps in their order, and what is said of one that the kernel refuses.
  for call, message in pairs {
    setgroups = "failed to set groups", setresgid = "failed to set gid 54321", setresuid = "failed to set uid 54321",
  } do
    it("fails the spawn at " .. call .. ": no program runs with what had been changed before", function()
      if not is_root then
        pending("only root gets as far as that")
        return
      end
      local marker = os.tmpname()
      os.remove(marker)
      assert.equal(("nil\t%s: Operation not permitted\tEPERM\n"):format(message), host.output(([[
        local files = require "spec.files"
        local leaks = require "spec.leaks"
        local libc = require "spec.libc"
        local pipe = require "pipe"
        local function own_ids()
          return files.read("/proc/self/status"):match("Uid:.-\nGroups:[^\n]*")
        end
        assert(assert(pipe.spawn({ "true" })):wait())
        local before = own_ids()
        require "spec.sandbox"("%s", libc.EPERM)
        print(pipe.spawn({ "touch", "%s" }, { uid = 54321, gid = 54321, groups = { 54321 }, cwd = "/tmp" }))
        assert(#leaks.children() == 0)
        assert(own_ids() == before)
        assert(assert(pipe.spawn({ "true" })):wait())
      ]]):format(call, marker)))
      assert.is_nil(files.read(marker))
    end)
  end
end)

describe("A host that is not root", function()
  -- Gives up root if it has it, and keeps no groups; `check` is run there.
  local function unprivileged(check)
    return host.output(([[
      local leaks = require "spec.leaks"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local ffi = require "ffi"
      ffi.cdef("int setgid(unsigned int); int setgroups(size_t, const unsigned int *);")
      assert(assert(pipe.spawn({ "true" })):wait())
      if libc.C.geteuid() == 0 then
        assert(ffi.C.setgroups(0, nil) == 0)
        assert(ffi.C.setgid(65534) == 0)
        assert(libc.C.setuid(65534) == 0)
      end
      %s
      print "done"
    ]]):format(check))
  end

  it("is refused other ids, and nothing is left, a hundred times over", function()
    assert.equal("done\n", unprivileged [[
      local function count()
        local descriptors = 0
        for fd = 0, 255 do
          descriptors = descriptors + (libc.C.fcntl(fd, libc.F_GETFD, 0) >= 0 and 1 or 0)
        end
        return descriptors
      end
      local before = count()
      for _, case in ipairs {
        { "gid", { gid = 0 } }, { "gid", { gid = 54321 } }, { "uid", { uid = 0, gid = libc.C.getegid() } },
        { "uid", { uid = 54321 } }, { "uid", { uid = "root" } }, { "groups", { groups = { 54321 } } },
        { "groups", { groups = { 54321 }, fds = { [3] = "null" }, stdin = "null", stdout = { file = "/dev/null" } } },
      } do
        for _ = 1, 100 do
          local proc, message, code = pipe.spawn({ "true" }, case[2])
          assert(proc == nil and code == "EPERM", code)
          -- Groups are given up before the gid and the uid, and may fail first.
          local failed = message:match("^failed to set (%l+).*: Operation not permitted$")
          assert(failed == case[1] or failed == "groups" or failed == "gid", message)
        end
      end
      assert(count() == before)
      assert(#leaks.children() == 0)
    ]])
  end)

  it("may ask for its own ids", function()
    assert.equal("done\n", unprivileged [[
      local uid, gid = libc.C.geteuid(), libc.C.getegid()
      for _, options in ipairs { { uid = uid }, { gid = gid }, { uid = uid, gid = gid } } do
        assert(assert(pipe.spawn({ "true" }, options)):wait())
      end
    ]])
  end)
end)

describe("A name that nobody has", function()
  it("fails the spawn", function()
    refused("unknown user 'no-such-user'", "ENOENT", { uid = "no-such-user" })
    refused("unknown group 'no-such-group'", "ENOENT", { gid = "no-such-group" })
    refused("unknown group 'no-such-group'", "ENOENT", { groups = { own_gid, "no-such-group" } })
    refused("unknown user 'no-such-user'", "ENOENT", { uid = "no-such-user" }, { "no-such" })
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  for _, name in ipairs { "uid", "gid" } do
    it("when " .. name .. " is neither an id nor a name", function()
      -- 2^32 - 1 means "no change" to the kernel.
      for _, value in ipairs {
        -1, 0.5, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 53, nan, infinity, -infinity, true, {}, print, "a\0b",
      } do
        rejected("bad " .. name .. " option: ", { [name] = value })
      end
    end)
  end

  it("when groups is not a list of ids and names", function()
    for _, value in ipairs { 1, "daemon", true, print } do
      rejected("bad groups option: ", { groups = value })
    end
    for _, value in ipairs { -1, 0.5, 2 ^ 32 - 1, 2 ^ 32, nan, infinity, true, {}, print, "a\0b" } do
      rejected("bad groups option: ", { groups = { 1, value } })
    end
  end)
end)
