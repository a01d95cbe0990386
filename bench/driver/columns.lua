-- A table in Markdown whose columns are aligned, so that it can be read in a terminal as well.

-- Characters, not bytes, of UTF-8: "µs" is two wide.
local function width(text)
  return #text:gsub("[\128-\191]", "")
end

--- `rows` of cells, the heading first. The first column is text; the others are aligned to the right unless
--- `left[column]` says otherwise.
return function(rows, left)
  left = left or {}
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 3, width(cell)) end
  end
  local lines = {}
  local function add(row)
    local cells = {}
    for i, cell in ipairs(row) do
      local padding = (" "):rep(widths[i] - width(cell))
      cells[i] = (i == 1 or left[i]) and cell .. padding or padding .. cell
    end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  add(rows[1])
  local rule = {}
  for i, w in ipairs(widths) do
    rule[i] = (i == 1 or left[i]) and ("-"):rep(w) or ("-"):rep(w - 1) .. ":"
  end
  add(rule)
  for i = 2, #rows do add(rows[i]) end
  return table.concat(lines, "\n")
end
