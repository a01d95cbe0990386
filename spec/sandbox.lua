--- Makes the kernel answer as an older one, or as a sandbox does. For a host of its own: there is no way back.
local ffi = require "ffi"
local libc = require "spec.libc"

ffi.cdef [[
struct spec_sock_filter { uint16_t code; uint8_t if_true, if_false; uint32_t value; };
struct spec_sock_fprog { unsigned short length; struct spec_sock_filter *filter; };
]]

local PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
local LOAD_WORD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
local CALL, FIRST_ARGUMENT = 0, 16 -- where they are in struct seccomp_data
local RETURN_ERRNO, RETURN_ALLOW = 0x00050000, 0x7fff0000

local numbers = {
  x64 = { setgroups = 116, setresuid = 117, setresgid = 119, pwritev2 = 328, waitid = 247, close_range = 436 },
  arm64 = { waitid = 95, setresuid = 147, setresgid = 149, setgroups = 159, pwritev2 = 287, close_range = 436 },
}

--- From now on the system call answers with this errno; where `first` is given, only if that is its first argument.
return function(name, errno, first)
  local filter = ffi.new("struct spec_sock_filter[6]", {
    { LOAD_WORD, 0, 0, CALL },
    { JUMP_IF_EQUAL, 0, 3, numbers[jit.arch][name] },
    { LOAD_WORD, 0, 0, FIRST_ARGUMENT },
    { first and JUMP_IF_EQUAL or JUMP_IF_AT_LEAST, 0, 1, first or 0 },
    { RETURN, 0, 0, RETURN_ERRNO + errno },
    { RETURN, 0, 0, RETURN_ALLOW },
  })
  local program = ffi.new("struct spec_sock_fprog[1]", { { 6, filter } })
  assert(libc.C.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
  assert(libc.C.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ffi.cast("uintptr_t", program), 0, 0) == 0)
end
