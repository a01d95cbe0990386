--- Commands from start to end: pipe.run, pipe.shell and pipelines.
local expect = require "soak.expect"
local patient = require "soak.patient"
local pipe = require "pipe"

local deeds = {}

function deeds.a_run(random)
  local input, status = random:bytes(random:size(300000)), random:below(256)
  local pieces = {}
  local at = 0
  local res = assert(pipe.run({ "sh", "-c", "tee /dev/stderr; exit " .. status }, {
    input = random:once_in(2) and input or function()
      if random:once_in(5) then
        pipe.sleep(0)
      end
      local piece = input:sub(at + 1, at + 1 + random:size(100000))
      at = at + #piece
      return piece ~= "" and piece or nil
    end,
    on_stdout = random:once_in(2) and function(piece)
      pieces[#pieces + 1] = piece
      if random:once_in(5) then
        pipe.sleep(0)
      end
    end or nil,
    timeout = patient.MS,
  }))
  expect.words(("exit %d %s"):format(status, status == 0), res.reason, res.status, res.ok)
  expect.bytes(input, res.stdout or table.concat(pieces))
  expect.bytes(input, res.stderr)
end

function deeds.a_simple_run(random)
  local text = random:bytes(random:size(60000)):gsub("%z", "")
  local res = assert(pipe.run({ "printf", "%s", text }))
  expect.words("true exit 0", res.ok, res.reason, res.status)
  expect.bytes(text, res.stdout)
end

function deeds.a_run_whose_output_is_too_much(random)
  local most = random:size(200000)
  local res = assert(pipe.run({ "yes" }, { max_output = most }))
  expect.truth(res.truncated and not res.ok, "nothing was cut off")
  expect.bytes(("y\n"):rep(most):sub(1, most), res.stdout)
end

function deeds.a_shell_command_with_quoted_words(random)
  local word = random:bytes(random:size(60000)):gsub("%z", "")
  local ok, stdout, stderr, reason, status = pipe.shell.run("printf %s " .. pipe.shell.quote(word))
  expect.words("true exit 0", ok, reason, status)
  expect.bytes(word, stdout)
  expect.bytes("", stderr)
end

function deeds.a_pipeline(random)
  local stages = {}
  for index = 1, random:between(1, 5) do
    stages[index] = random:one_of { { "cat" }, "cat", { "tr", "a-z", "a-z" } }
  end
  local text = random:bytes(random:size(300000))
  local p = patient.pipeline(stages, { stderr = "pipe", pipe_size = random:once_in(3) and 4096 or nil })
  local writer = pipe.thread.spawn(function()
    local size = p:write(text)
    expect.words("true", p:shutdown("stdin"))
    return size
  end)
  expect.bytes(text, p:stdout_read_all())
  expect.words(#text, patient.join(writer))
  local ok, results = p:wait()
  expect.words(("true %d"):format(#stages), ok, #results)
  expect.bytes("", p:stderr_read_all())
end

function deeds.a_pipeline_that_ends_early(random)
  local way = random:below(4)
  local p = patient.pipeline({ { "yes" }, { "cat" }, way == 0 and { "head", "-n", "1" } or { "cat" } })
  expect.words("y", p:stdout_read_line())
  if way == 0 then
    local ok, results = p:wait()
    expect.words("false signal 13", ok, results[1].reason, results[1].status)
    expect.words("exit 0", results[3].reason, results[3].status)
  elseif way == 1 then
    local ok, results = p:terminate()
    expect.words("false 3", ok, #results)
  elseif way == 2 then
    expect.words("true", p:close())
  end -- else it is dropped
end

return deeds
