--- The pages of the documentation: what they show.
local files = require "spec.files"

local pages = {}

-- The fenced blocks of a page, in their order: language, text, the line where the text begins, and whether only
-- empty lines stand between it and the block before.
local function blocks(path)
  local list, number, open, adjoining = {}, 0, nil, false
  for line in files.read(path):gmatch("(.-)\n") do
    number = number + 1
    local language = line:match("^```(%w*)$")
    if open and language == "" then
      open.text = table.concat(open, "\n") .. "\n"
      list[#list + 1], open, adjoining = open, nil, true
    elseif open then
      open[#open + 1] = line
    elseif language then
      open = { language = language, line = number + 1, adjoining = adjoining }
    elseif line ~= "" then
      adjoining = false
    end
  end
  assert(not open, path .. " ends inside a block")
  return list
end

--- The Lua blocks of a page, each with the output that the page shows for it, if any.
function pages.examples(path)
  local list, all = {}, blocks(path)
  for index, block in ipairs(all) do
    if block.language == "lua" then
      local shown = all[index + 1]
      local follows = shown and shown.language == "text" and shown.adjoining
      list[#list + 1] = { line = block.line, script = block.text, output = follows and shown.text or nil }
    end
  end
  return list
end

return pages
