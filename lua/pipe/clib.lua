-- The one place that decides whether this host can run the library, and that loads the shared library.

local ABI_VERSION = 5

---What keeps this host from running the library; nil when nothing does.
---@return string? obstacle
local function obstacle()
  if type(jit) ~= "table" or jit.version_num < 20100 then
    return _VERSION .. (type(jit) == "table" and " of " .. jit.version or "")
  elseif jit.os ~= "Linux" or (jit.arch ~= "x64" and jit.arch ~= "arm64") then
    return jit.os .. " on " .. jit.arch
  elseif not pcall(require, "ffi") then
    return "LuaJIT without its FFI"
  end
end

local found = obstacle()
if found then
  error("pipe needs LuaJIT 2.1 with its FFI, on Linux on x86-64 or arm64; this is " .. found, 0)
end

local ffi = require("ffi")
require("pipe.cdef")

local path = package.searchpath("libpipe_core", package.cpath)
if not path then
  error("pipe: there is no libpipe_core.so in package.cpath (" .. package.cpath .. ")", 0)
end

local loaded, C = pcall(ffi.load, path)
if not loaded then
  error("pipe: cannot load " .. path .. ": " .. tostring(C), 0)
end

-- A library that is not ours has no such function: that is a wrong version too.
local answered, version = pcall(function() return C.pipe_abi_version() end)
if not answered or version ~= ABI_VERSION then
  error(("pipe: %s has ABI version %s, and these Lua files need %d: install both from the same release"):format(
    path, answered and version or "unknown", ABI_VERSION), 0)
end

return C
