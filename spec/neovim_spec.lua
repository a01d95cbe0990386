-- pipe.luv inside Neovim.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local neovim = require "spec.neovim"
local pages = require "spec.pages"
local waits = require "spec.waits"

setup(leaks.remember)
teardown(leaks.check)

describe("In Neovim", function()
  it("every operation lets its coroutine wait, and does not block the editor", function()
    local names = {}
    for name in pairs(waits) do
      names[#names + 1] = name
    end
    table.sort(names)
    assert.equal(table.concat(names, "\n") .. "\n", neovim.output [[
      assert(require "pipe.luv".attach())
      local waits = require "spec.waits"
      local function later(f)
        vim.fn.timer_start(1, f)
      end
      local names = vim.tbl_keys(waits)
      table.sort(names)
      coroutine.wrap(function()
        for _, name in ipairs(names) do
          local ok, err = xpcall(waits[name], debug.traceback, later)
          if not ok then io.stderr:write(tostring(err), "\n") end
          say(name)
        end
        quit()
      end)()
    ]])
  end)

  it("vim.api may be called after a wait, wherever the coroutine was started", function()
    assert.equal("false\tone\tfalse\ttwo\n", neovim.output [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      local ended, seen = 0, {}
      local function fill(number, text)
        local line = assert(pipe.spawn({ "echo", text })):stdout_read_line()
        seen[number] = tostring(vim.in_fast_event()) .. "\t" .. line
        vim.api.nvim_buf_set_lines(0, number - 1, number, false, { line })
        vim.cmd("redraw")
        ended = ended + 1
        if ended == 2 then
          say(seen[1], seen[2])
          assert(vim.deep_equal({ "one", "two" }, vim.api.nvim_buf_get_lines(0, 0, -1, true)))
          quit()
        end
      end
      coroutine.wrap(fill)(1, "one")
      local timer = vim.loop.new_timer()
      timer:start(1, 0, function()
        timer:close()
        assert(vim.in_fast_event())
        coroutine.wrap(fill)(2, "two")
      end)
    ]])
  end)

  it("light threads may call it, too", function()
    assert.equal("text\n", neovim.output [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      pipe.thread.spawn(function()
        local line = assert(pipe.spawn({ "echo", "text" })):stdout_read_line()
        vim.api.nvim_set_current_line(line)
        say(vim.api.nvim_get_current_line())
        quit()
      end)
    ]])
  end)

  it("a call on the main stack throws", function()
    assert.equal("cannot wait outside a coroutine\n", neovim.output [[
      assert(require "pipe.luv".attach())
      local ok, message = pcall(vim.cmd, "lua require('pipe').sleep(0)")
      say(not ok and message:match("cannot wait outside a coroutine"))
      quit()
    ]])
  end)

  it("detach lets the main stack wait again", function()
    assert.equal("true\ntext\n", neovim.output [[
      local pipe, luv = require "pipe", require "pipe.luv"
      assert(luv.attach())
      say(luv.detach())
      say(assert(pipe.spawn({ "echo", "text" })):stdout_read_line())
      quit()
    ]])
  end)

  it("what a coroutine throws is an error message, and the others go on", function()
    local result = neovim.run [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      local semaphore = pipe.semaphore.new()
      coroutine.wrap(function()
        assert(semaphore:wait(math.huge))
        error("broken")
      end)()
      coroutine.wrap(function()
        assert(semaphore:wait(math.huge))
        say("went on")
        quit()
      end)()
      semaphore:post(2)
    ]]
    assert.same({ "went on\n", "exit", 0 }, { result.stdout, result.reason, result.status })
    assert.is_truthy(result.stderr:find("Error executing vim.schedule lua callback: script:6: broken", 1, true),
      result.stderr)
  end)

  it("the editor may run its loop inside a light thread, and inside a coroutine: the others go on", function()
    assert.equal("light\ttrue\ncoroutine\ttrue\n", neovim.output [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      local count = 0
      coroutine.wrap(function()
        while true do
          pipe.sleep(0.001)
          count = count + 1
        end
      end)()
      local function advances()
        local before = count
        return (vim.wait(60000, function() return count > before + 2 end, 1))
      end
      local th = pipe.thread.spawn(function()
        pipe.sleep(0.001)
        say("light", advances())
      end)
      coroutine.wrap(function()
        pipe.thread.wait(th)
        say("coroutine", advances())
        quit()
      end)()
    ]])
  end)

  it("the editor is not kept busy while it has no time for what has come", function()
    assert.equal("true\ntext\n", neovim.output [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      local proc = assert(pipe.spawn({ "echo", "text" }))
      coroutine.wrap(function()
        say(proc:stdout_read_line())
        quit()
      end)()
      local turns, check = 0, vim.loop.new_check()
      check:start(function() turns = turns + 1 end)
      vim.wait(100, function() return false end, 10, true) -- only what may run at any time
      check:close()
      say(turns < 500)
    ]])
  end)

  it("quitting ends what waits and what runs", function()
    host.adopt_orphans(true)
    local pids = host.numbers(neovim.output [[
      local pipe = require "pipe"
      assert(require "pipe.luv".attach())
      for _ = 1, 3 do
        local proc = assert(pipe.spawn({ "sleep", "1000" }, { wait_timeout = 0 }))
        say(proc:pid())
        coroutine.wrap(proc.wait)(proc)
      end
      pipe.thread.spawn(pipe.sleep, 1000)
      vim.schedule(quit)
    ]])
    host.left_nothing(pids)
    host.adopt_orphans(false)
  end)
end)

describe("The page about Neovim", function()
  local folder

  before_each(function() folder = files.directory() end)
  after_each(function() files.remove(folder) end)

  -- Runs an example of the page, and then a script, in an editor that finds `program` as a shell script.
  local function output(number, program, lines, script)
    files.write(folder .. "/" .. program, "#!/bin/sh\n" .. lines .. "\n", 448)
    return neovim.output(pages.examples("docs/neovim.md")[number].script .. script,
      { PATH = folder .. ":" .. os.getenv("PATH") })
  end

  it("has a formatter that formats", function()
    assert.equal("a\tb\tc\n", output(1, "stylua", "sort", [[
      vim.api.nvim_buf_set_lines(0, 0, -1, true, { "c", "a", "b" })
      vim.cmd("Format")
      vim.api.nvim_buf_attach(0, false, { on_lines = function()
        vim.schedule(function()
          say(unpack(vim.api.nvim_buf_get_lines(0, 0, -1, true)))
          quit()
        end)
      end })
    ]]))
  end)

  it("has one that leaves alone what the user has changed meanwhile", function()
    assert.equal("c\ttyped\n", output(1, "stylua", "sort", [[
      vim.api.nvim_buf_set_lines(0, 0, -1, true, { "c", "a", "b" })
      vim.cmd("Format")
      vim.api.nvim_buf_set_lines(0, 1, -1, true, { "typed" })
      local ask = vim.api.nvim_buf_get_changedtick
      function vim.api.nvim_buf_get_changedtick(buffer)
        vim.schedule(function()
          say(unpack(vim.api.nvim_buf_get_lines(0, 0, -1, true)))
          quit()
        end)
        return ask(buffer)
      end
    ]]))
  end)

  it("has one that shows why it could not", function()
    assert.equal("broken on line 3\n\tc\n", output(1, "stylua", "echo broken on line 3 >&2; exit 1", [[
      vim.api.nvim_buf_set_lines(0, 0, -1, true, { "c" })
      vim.notify = function(message)
        say(message, vim.api.nvim_get_current_line())
        quit()
      end
      vim.cmd("Format")
    ]]))
  end)

  it("has a linter that shows what it finds", function()
    assert.equal("2\t4\tunused\n", output(2, "luacheck", "echo $3:3:5: unused", ([[
      vim.cmd("edit %s/file.lua")
      vim.api.nvim_buf_set_lines(0, 0, -1, true, { "1", "2", "3" })
      vim.api.nvim_create_autocmd("DiagnosticChanged", { callback = function()
        local found = vim.diagnostic.get(0)[1]
        say(found.lnum, found.col, found.message)
        quit()
      end })
      vim.cmd("silent write")
    ]]):format(folder)))
  end)
end)
