-- ngx.pipe and its neighbours under our names: most programs of bench/pipe run inside nginx as they are.
local ngx_pipe = require("ngx.pipe")
local ngx_semaphore = require("ngx.semaphore")

local BUFFER_SIZE = 65536 -- what ours grow to by themselves

local pipe = { coroutine = coroutine, sleep = ngx.sleep, thread = {}, loop = {} }
pipe.semaphore = { new = ngx_semaphore.new }

local threads = {}

function pipe.spawn(args, opts)
  opts = opts or {}
  opts.buffer_size = opts.buffer_size or BUFFER_SIZE
  return ngx_pipe.spawn(args, opts)
end

function pipe.thread.spawn(...)
  local th = assert(ngx.thread.spawn(...))
  threads[#threads + 1] = th
  return th
end

pipe.thread.wait, pipe.thread.kill = ngx.thread.wait, ngx.thread.kill

-- nginx's own loop runs already: what is left is to wait for them.
function pipe.loop.run()
  for _, th in ipairs(threads) do ngx.thread.wait(th) end
end

return pipe
