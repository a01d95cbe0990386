--- Reads the LuaCATS annotations of a source file, and compares them with what the file became when it was loaded.
local ju = require "jit.util"
local vmdef = require "jit.vmdef"

local annotations = {}

--- The parameters of a loaded function, in order; "..." for a variable number.
function annotations.parameters(f)
  local names, info = {}, debug.getinfo(f, "u")
  for index = 1, info.nparams do
    names[index] = debug.getlocal(f, index)
  end
  names[#names + 1] = info.isvararg and "..." or nil
  return names
end

--- Whether a loaded function can return a value, by its bytecode: RET0 is a return without one.
function annotations.returns(f)
  local pc = 1
  local instruction = ju.funcbc(f, pc)
  while instruction do
    local name = vmdef.bcnames:sub(bit.band(instruction, 0xff) * 6 + 1):match("^%w+")
    if name == "RET" or name == "RET1" or name == "RETM" or name == "CALLT" or name == "CALLMT" then
      return true
    end
    pc = pc + 1
    instruction = ju.funcbc(f, pc)
  end
  return false
end

--- The annotations in the comment right above a line: what it describes, @param names in order, how many @return.
function annotations.above(lines, number)
  local block, params, returns, text = {}, {}, 0, false
  local line = number - 1
  while lines[line] and lines[line]:find("^%s*%-%-%-") do
    table.insert(block, 1, lines[line]:match("^%s*%-%-%-%s*(.*)$"))
    line = line - 1
  end
  for _, comment in ipairs(block) do
    local name = comment:match("^@param%s+([%w_.]+)%??%s+%S")
    params[#params + 1] = name
    if comment:find("^@return%s+%S") then
      returns = returns + 1
    elseif not comment:find("^@") and comment:find("%a") then
      text = true
    end
  end
  return { described = text, params = params, returns = returns }
end

--- The @field lines of a class that are functions: name to its parameters in order, and whether it returns anything.
function annotations.fields(lines, class)
  local fields, inside
  for _, line in ipairs(lines) do
    local name = line:match("^%s*%-%-%-%s*@class%s+([%w_.]+)")
    if name then
      inside = name == class
      fields = inside and {} or fields
    elseif not line:find("^%s*%-%-%-") then
      inside = false
    end
    local field, signature = line:match("^%s*%-%-%-%s*@field%s+([%w_]+)%??%s+fun(%b())")
    if inside and field then
      local params = {}
      local flat = signature:sub(2, -2):gsub("%b()", ""):gsub("%b<>", ""):gsub("%b{}", "")
      for param in flat:gmatch("[^,]+") do
        params[#params + 1] = param:match("^%s*([%w_.]+)")
      end
      fields[field] = { params = params, returns = line:find("fun%b()%s*:%s*%S") ~= nil }
    end
  end
  return fields
end

local function compare(problems, what, written, loaded)
  written, loaded = table.concat(written, ", "), table.concat(loaded, ", ")
  if written ~= loaded then
    problems[#problems + 1] = ("%s: annotated (%s), is (%s)"):format(what, written, loaded)
  end
end

-- What is wrong with the comment above a function's definition.
local function check_comment(problems, name, f, lines)
  local found, loaded = annotations.above(lines, debug.getinfo(f, "S").linedefined), annotations.parameters(f)
  -- `function methods:wait()` has a self that nobody writes down.
  if loaded[1] == "self" and found.params[1] ~= "self" then
    table.remove(loaded, 1)
  end
  compare(problems, name, found.params, loaded)
  if not found.described then
    problems[#problems + 1] = name .. ": no description"
  end
  if found.returns == 0 and annotations.returns(f) then
    problems[#problems + 1] = name .. ": no @return"
  end
end

-- `function(self, ...)` that hands its arguments on has the parameters of what it hands them to.
local function passes_on(f)
  return table.concat(annotations.parameters(f), " ") == "self ..."
end

local function check_field(problems, name, f, field)
  compare(problems, name .. " as @field", field.params, annotations.parameters(f))
  if annotations.returns(f) and not field.returns then
    problems[#problems + 1] = name .. " as @field: returns something"
  end
end

--- What is wrong with the annotations of a public table's functions: an array of texts. `lines_of(f)` gives the source
--- of a function as lines. A method that is made in a loop, where no tool can tell its name, has to be a @field of its
--- class; `fields`, of classes only, are those. `originals`, by name, is whom such a method hands its arguments on to.
function annotations.problems(name, functions, lines_of, fields, originals)
  local problems = {}
  for key, f in pairs(functions) do
    local full = name .. "." .. tostring(key)
    local info = type(f) == "function" and debug.getinfo(f, "S")
    if info and info.what ~= "C" then
      local lines, field = lines_of(f), fields and fields[key]
      local named = lines[info.linedefined]:find("%f[%w_]" .. key .. "%f[^%w_]")
      if field then
        check_field(problems, full, passes_on(f) and originals and originals[key] or f, field)
      end
      if named or not fields then
        check_comment(problems, full, f, lines)
      elseif not field then
        problems[#problems + 1] = full .. ": no @field, and its definition does not name it"
      end
    end
  end
  for key in pairs(fields or {}) do
    if type(functions[key]) ~= "function" then
      problems[#problems + 1] = name .. "." .. key .. ": a @field that is not there"
    end
  end
  table.sort(problems)
  return problems
end

return annotations
