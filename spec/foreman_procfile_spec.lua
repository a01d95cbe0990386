-- examples/foreman.lua: what it reads - the Procfile, .env files, the command line - and what the processes get of it.
local foreman = require "spec.foreman"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local project

before_each(function() project = foreman.new() end)
after_each(function() project:remove() end)

local function check(text, ...)
  project:write("Procfile", text)
  local result = project:finish({ "check", ... })
  return result.status, result.stdout, result.stderr
end

-- What `run` prints of the variables, each in brackets.
local function variables(names, words, environment)
  local arguments = { "run" }
  for _, word in ipairs(words or {}) do
    arguments[#arguments + 1] = word
  end
  local show = [[for name; do eval "printf '[%s]' \"\$$name\""; done]]
  for _, word in ipairs { "sh", "-c", show, "sh", unpack(names) } do
    arguments[#arguments + 1] = word
  end
  local result = project:finish(arguments, environment)
  assert.same({ "", 0 }, { result.stderr, result.status })
  return result.stdout
end

local function refused(status, message, words, environment)
  local result = project:finish(words, environment)
  assert.same({ "", "exit", status }, { result.stdout, result.reason, result.status })
  assert.equal(message, result.stderr:match("^foreman: (.-)\n$"))
end

describe("foreman check", function()
  it("tells the processes of a valid Procfile in their order", function()
    assert.same({ 0, "Procfile is valid: web, worker_2, a-b\n", "" },
      { check("web: bundle exec thin start\nworker_2:rake work\na-b:\t echo a: b\n") })
  end)

  it("takes comments, empty lines, line ends with CR, and a last line without an end", function()
    assert.same({ 0, "Procfile is valid: web, worker\n", "" },
      { check("# a comment\n\n  # another\r\n \t\r\nweb: echo # no comment\r\nworker: echo") })
  end)

  it("names each bad line", function()
    project:write("Procfile",
      "web: echo\nworker echo\n: echo\n# fine\nclock:  \nweb: again\nfine: echo\nnul: \0\na b: c\n")
    refused(1, table.concat({
      "Procfile:2: not 'name: command': worker echo",
      "foreman: Procfile:3: not 'name: command': : echo",
      "foreman: Procfile:5: no command for clock",
      "foreman: Procfile:6: web is in line 1 already",
      "foreman: Procfile:8: a NUL byte",
      "foreman: Procfile:9: not 'name: command': a b: c",
    }, "\n"), { "check" })
  end)

  it("finds the Procfile by -f, or in the folder of -d", function()
    project:write("other", "clock: date\n")
    assert.equal("Procfile is valid: web\n", select(2, check("web: echo\n")))
    assert.equal("other is valid: clock\n", select(2, check("web: echo\n", "-f", "other")))
    assert.equal(project.folder .. "/Procfile is valid: web\n",
      project:finish({ "check", "-d", project.folder }, nil, { cwd = "/" }).stdout)
    assert.equal(project:path("other") .. " is valid: clock\n",
      project:finish({ "check", "--root=/", "--procfile", project:path("other") }, nil, { cwd = "/" }).stdout)
  end)

  it("fails where there is no Procfile, or nothing in it", function()
    refused(1, "Procfile: No such file or directory", { "check" })
    refused(1, "/: not a file", { "check", "-f", "/" })
    project:write("Procfile", "# nothing\n")
    refused(1, "Procfile: no processes", { "check" })
  end)
end)

describe("foreman start", function()
  it("starts nothing of a Procfile with a bad line", function()
    project:write("Procfile", "web: echo started >started\nworker\n")
    refused(1, "Procfile:2: not 'name: command': worker", { "start" })
    assert.is_nil(io.open(project:path("started")))
  end)

  -- Asserts that these processes are started, and no other, with these ports.
  local function starts(expected, words, environment)
    local command = "echo $PORT $PS; exec sleep 1000\n"
    project:write("Procfile", "web: " .. command .. "worker: " .. command)
    local proc = project:start({ "start", unpack(words) }, environment)
    local ports, missing = {}, 0
    for _ in pairs(expected) do
      missing = missing + 1
    end
    while missing > 0 do
      local name, text = foreman.parts(assert(proc:stdout_read_line()))
      ports[name] = text:match("^(%d+) " .. name .. "$")
      missing = missing - (ports[name] and 1 or 0)
    end
    proc:kill("TERM")
    local said, status = foreman.rest(proc)
    assert.equal(143, status)
    said.system = nil
    for name in pairs(said) do
      ports[name] = ports[name] or "unexpected"
    end
    assert.same(expected, ports)
  end

  it("gives each type a PORT a hundred on, and each instance the next", function()
    starts({ ["web.1"] = "5000", ["worker.1"] = "5100" }, {})
    starts({ ["web.1"] = "5000", ["web.2"] = "5001", ["worker.1"] = "5100" }, { "-m", "web=2,worker=1" })
    starts({ ["web.1"] = "5000", ["worker.1"] = "5100", ["worker.2"] = "5101" }, { "--formation=all=1, worker=2" })
    starts({ ["worker.1"] = "5100" }, { "-m", "worker=1" })
    starts({ ["worker.1"] = "5100" }, { "worker" })
  end)

  it("takes the first PORT from -p, else .env, else its own environment", function()
    starts({ ["web.1"] = "7000" }, { "web" }, { PORT = "7000" })
    project:write(".env", "PORT=8000\n")
    starts({ ["web.1"] = "8000" }, { "web" }, { PORT = "7000" })
    starts({ ["web.1"] = "9000" }, { "web", "-p", "9000" }, { PORT = "7000" })
    starts({ ["web.1"] = "9000" }, { "web", "-p9000" })
  end)

  it("runs the processes in the Procfile's folder, or in that of -d", function()
    project:write("Procfile", "web: pwd; exec sleep 1000\n")
    for folder, words in pairs {
      [project.folder] = { "-f", project:path("Procfile") },
      ["/"] = { "-d", "/", "-f", project:path("Procfile") },
    } do
      local proc = project:start({ "start", unpack(words) }, nil, { cwd = "/tmp" })
      assert.equal(folder, foreman.await(proc, "web.1", "^/.*"))
      proc:kill("TERM")
      foreman.rest(proc)
    end
  end)

  it("refuses what it does not understand, before anything is started", function()
    project:write("Procfile", "web: echo started >started\n")
    refused(2, "unknown option -x", { "start", "-x" })
    refused(2, "unknown option --proc", { "start", "--proc", "x" })
    refused(2, "unknown option --port80", { "start", "--port80" })
    refused(2, "unknown option ---port", { "start", "---port", "80" })
    refused(2, "-f needs a value", { "start", "-f" })
    refused(2, "--port= needs a value", { "start", "--port=" })
    refused(2, "bad port: 80x", { "start", "-p", "80x" })
    refused(2, "bad port: 65536", { "start", "-p", "65536" })
    refused(2, "bad port: http", { "start" }, { PORT = "http" })
    refused(2, "bad timeout: -1", { "start", "-t", "-1" })
    refused(2, "bad timeout: nan", { "start", "-t", "nan" })
    refused(2, "bad formation: web", { "start", "-m", "web" })
    refused(2, "bad formation: web=1,", { "start", "-m", "web=1," })
    refused(2, "bad formation: web=-1", { "start", "-m", "web=-1" })
    refused(2, "no process clock in the Procfile", { "start", "-m", "clock=1" })
    refused(2, "no process clock in the Procfile", { "start", "clock" })
    refused(2, "nothing to start", { "start", "-m", "web=0" })
    refused(2, "unknown command stop", { "stop" })
    refused(2, "run needs a command", { "run" })
    refused(2, "too many words for start: worker", { "start", "web", "worker" })
    refused(2, "too many words for check: Other", { "check", "Other" })
    assert.is_nil(io.open(project:path("started")))
  end)
end)

describe("foreman help", function()
  it("is shown when it is asked for, and to whom says nothing", function()
    local usage = project:finish({ "help" })
    assert.same({ "", 0 }, { usage.stderr, usage.status })
    assert.is_truthy(usage.stdout:find("^usage: "))
    assert.equal(usage.stdout, project:finish({ "-h" }).stdout)
    assert.equal(usage.stdout, project:finish({ "start", "--help" }).stdout)
    local lost = project:finish({})
    assert.same({ "", usage.stdout, 2 }, { lost.stdout, lost.stderr, lost.status })
  end)
end)

describe("An .env file", function()
  it("holds variables, plain and in quotes, comments and empty lines", function()
    project:write(".env", table.concat({
      "# a comment", "", "PLAIN=two words", "  SPACED = value  ", "export EXPORTED=yes", "EMPTY=", "COMMENTED=a#b # c",
      "SINGLE='a \\n # \"b\"' # comment", 'DOUBLE="a\\nb \\"c\\" \\\\ # \'d\' \\$e"', "CR=x\r", "URL=http://h/?a=b&c=d",
      'NONE="" ', "ONLY= # comment",
    }, "\n"))
    assert.equal("[two words][value][yes][][a#b]", variables { "PLAIN", "SPACED", "EXPORTED", "EMPTY", "COMMENTED" })
    assert.equal("[a \\n # \"b\"][a\nb \"c\" \\ # 'd' $e]", variables { "SINGLE", "DOUBLE" })
    assert.equal("[x][http://h/?a=b&c=d][][]", variables { "CR", "URL", "NONE", "ONLY" })
  end)

  it("wins over the environment", function()
    project:write(".env", "A=file\n")
    assert.equal("[file][given]", variables({ "A", "B" }, {}, { A = "given", B = "given" }))
  end)

  it("is none, one or several, by -e; the last wins", function()
    project:write(".env", "A=default\nB=default\n")
    project:write("one", "A=one\nB=one\n")
    project:write("two", "B=two\n")
    assert.equal("[default][default]", variables { "A", "B" })
    assert.equal("[one][two]", variables({ "A", "B" }, { "-e", "one,two" }))
    assert.equal("[][two]", variables({ "A", "B" }, { "--env", "two" }))
    assert.equal("[][]", variables({ "A", "B" }, { "--env", "" }))
  end)

  it("is the one of the folder of -d", function()
    local there = project:path("a,b")
    assert.is_true(os.execute("mkdir " .. there) == 0)
    project:write("a,b/.env", "A=there\n")
    assert.equal("there\n", project:finish({ "run", "-d", there, "echo $A" }).stdout)
  end)

  it("that cannot be read is refused", function()
    assert.is_true(os.execute("ln -s .env " .. project:path(".env")) == 0)
    refused(1, "./.env: Too many levels of symbolic links", { "run", "true" })
  end)

  it("with a bad line, or that is not there, is refused", function()
    project:write(".env", "A=1\nB\nC='x\nD=\"x\" y\n1=2\nE=\0\n")
    refused(1, table.concat({
      ".env:2: not 'KEY=value': B",
      "foreman: .env:3: no closing quote",
      "foreman: .env:4: text after the closing quote",
      "foreman: .env:5: not 'KEY=value': 1=2",
      "foreman: .env:6: a NUL byte",
    }, "\n"):gsub("%.env", "./.env"), { "run", "true" })
    refused(1, "missing: No such file or directory", { "run", "-e", "missing", "true" })
  end)
end)
