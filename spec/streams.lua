--- Both outputs of a child, as data: a spec loops over them, so that stdout and stderr go through the same cases.
local assert = require "luassert"
local pipe = require "pipe"

local kinds = { "read_all", "read_line", "read_bytes", "read_any" }

local function stream(name, other, redirect)
  local self = { name = name, other = other, timeout = name .. "_read_timeout" }

  for _, kind in ipairs(kinds) do
    self[kind] = function(proc, length)
      local method = proc[name .. "_" .. kind]
      return method(proc, length)
    end
  end

  --- A child that runs this shell script with the stream as its output.
  function self.sh(script, options)
    return assert(pipe.spawn({ "sh", "-c", redirect .. script }, options))
  end

  --- A child that copies its stdin to the stream.
  function self.cat(options)
    return self.sh("exec cat", options)
  end

  --- A `cat` in whose output these bytes wait already: they leave it in one write(2) with the byte that is read
  -- here. At most 4095 bytes.
  function self.holding(bytes, options)
    local proc = self.cat(options)
    assert.equal(#bytes + 1, proc:write("!" .. bytes))
    assert.equal("!", self.read_any(proc, 1))
    return proc
  end

  --- A `cat` whose first line has been read, and with it into the core three lines more and the beginning of another:
  -- "two\r\n\nfour\npart".
  function self.with_lines()
    local proc = self.holding("one\ntwo\r\n\nfour\npart")
    assert.equal("one", self.read_line(proc))
    return proc
  end

  --- Sets the timeout of this stream's reads only.
  function self.set_timeout(proc, ms)
    if name == "stdout" then
      proc:set_timeouts(nil, ms)
    else
      proc:set_timeouts(nil, nil, ms)
    end
  end

  return self
end

return {
  stream("stdout", "stderr", ""),
  stream("stderr", "stdout", "exec 1>&2; "),
}
