-- The options environ and env: the child's variables.

local ffi = require("ffi")
local C = require("pipe.clib")
local interpreted = require("pipe.interpreted")
local strings = require("pipe.strings")

local environment = {}

-- A name may begin with "=", as getenv(3) has it.
local function name_of(variable)
  local equals = variable:find("=", 2, true)
  return equals and variable:sub(1, equals - 1)
end

local function whole_environment(environ)
  if type(environ) ~= "table" then
    return nil, "bad environ option: table expected, got " .. type(environ)
  end
  local given, problem = strings.copy(environ, "environ option")
  if not given then
    return nil, problem
  end
  local variables, place = {}, {}
  for i, variable in ipairs(given) do
    local name = name_of(variable)
    if not name then
      return nil, ("bad value at index %d of environ option: 'name=[value]' format expected, got '%s'"):format(
        i, variable)
    end
    place[name] = place[name] or #variables + 1
    variables[place[name]] = variable -- of equal names the last wins
  end
  return variables
end

local function change_problem(name, value)
  local problem = strings.problem(name)
  if problem then
    return "name: " .. problem
  elseif name == "" or name:find("=", 1, true) then
    return ("name: not empty and without '=' expected, got '%s'"):format(name)
  elseif value == true then
    return name .. ": string, number or false expected, got true"
  end
  problem = value and type(value) ~= "number" and strings.problem(value)
  return problem and name .. ": " .. problem
end

local first_problem = interpreted(function(changes)
  for name, value in pairs(changes) do
    local problem = change_problem(name, value)
    if problem then
      return problem
    end
  end
end)

local function host_environment()
  local variables, pointers = {}, C.pipe_environment()
  while pointers ~= nil and pointers[#variables] ~= nil do
    variables[#variables + 1] = ffi.string(pointers[#variables])
  end
  return variables
end

-- `variables` with `changes`: what is replaced stays in its place, and what is new follows, sorted by name.
local overlay = interpreted(function(variables, changes)
  local result, seen, added = {}, {}, {}
  for _, variable in ipairs(variables) do
    local name = name_of(variable)
    local value = changes[name]
    if name == nil or value == nil then
      result[#result + 1] = variable
    elseif value ~= false and not seen[name] then
      result[#result + 1] = name .. "=" .. value
    end
    seen[name or variable] = true
  end
  for name, value in pairs(changes) do
    if value ~= false and not seen[name] then
      added[#added + 1] = name
    end
  end
  table.sort(added)
  for _, name in ipairs(added) do
    result[#result + 1] = name .. "=" .. changes[name]
  end
  return result
end)

---@param plan pipe.Plan
---@param opts pipe.SpawnOptions
---@return string? problem
function environment.read(plan, opts)
  local environ, env = opts.environ, opts.env
  if environ == nil and env == nil then
    return
  end
  local variables, problem
  if environ ~= nil then
    variables, problem = whole_environment(environ)
    if not variables then
      return problem
    end
  end
  if env ~= nil then
    if type(env) ~= "table" then
      return "bad env option: table expected, got " .. type(env)
    end
    problem = first_problem(env)
    if problem then
      return "bad env option: " .. problem
    end
    variables = overlay(variables or host_environment(), env)
  end
  plan.variables, plan.envp = variables, strings.pointers(variables)
  plan.options.envp = plan.envp
end

return environment
