-- lua/pipe/cdef.lua repeats csrc/pipe.h for the FFI; every declaration of the one has to stand in the other.
local files = require "spec.files"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- Without comments, and with one way to use white space.
local function normalised(text)
  text = text:gsub("/%*.-%*/", " "):gsub("//[^\n]*", " ")
  text = text:gsub("%s+", " "):gsub(" ?([%p]) ?", "%1"):gsub(",}", "}")
  return text
end

-- The header's declarations, each up to its semicolon.
local function declarations(header)
  header = header:gsub("/%*.-%*/", " ")
  -- The preprocessor's lines, and the extern "C" that stands between two of them.
  header = header:gsub('#ifdef __cplusplus\n.-#endif\n', "\n"):gsub("\n%s*#[^\n]*", "\n"):gsub("^%s*#[^\n]*", "")
  header = header:gsub("PIPE_EXPORT", " ")
  local list, depth, start = {}, 0, 1
  for position, sign in header:gmatch("()([{};])") do
    depth = depth + (sign == "{" and 1 or sign == "}" and -1 or 0)
    if sign == ";" and depth == 0 then
      list[#list + 1] = normalised(header:sub(start, position)):gsub("^ +", "")
      start = position + 1
    end
  end
  return list
end

describe("lua/pipe/cdef.lua", function()
  local header, cdef = files.read("csrc/pipe.h"), normalised(files.read("lua/pipe/cdef.lua"))
  local list = declarations(header)

  it("is compared with declarations of every kind", function()
    local kinds = {
      ["^typedef struct pipe_loop "] = 0, ["^typedef struct [%w_]+{"] = 0, ["^enum "] = 0, ["%(.*%);$"] = 0,
    }
    for _, declaration in ipairs(list) do
      for kind, count in pairs(kinds) do
        kinds[kind] = count + (declaration:find(kind) and 1 or 0)
      end
    end
    for kind, count in pairs(kinds) do
      assert.is_true(count > 0, kind)
    end
    -- As many functions as the header exports.
    local exported = select(2, header:gsub("\nPIPE_EXPORT ", ""))
    assert.equal(exported, kinds["%(.*%);$"])
  end)

  for _, declaration in ipairs(list) do
    it("has " .. declaration:sub(1, 60), function()
      assert.is_truthy(cdef:find(declaration, 1, true), declaration)
    end)
  end

  it("declares no other functions", function()
    for name in cdef:gmatch("[%s%*](pipe_[%w_]+)%(") do
      assert.is_truthy(header:find(name .. "(", 1, true), name)
    end
  end)
end)
