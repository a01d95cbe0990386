--- Makes the kernel answer as an older one, or as a sandbox does. For a host of its own: there is no way back.
local ffi = require "ffi"
local libc = require "spec.libc"

ffi.cdef [[
struct spec_sock_filter { uint16_t code; uint8_t if_true, if_false; uint32_t value; };
struct spec_sock_fprog { unsigned short length; struct spec_sock_filter *filter; };
]]

local PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
local LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
local RETURN_ERRNO, RETURN_ALLOW = 0x00050000, 0x7fff0000

local numbers = {
  x64 = { setgroups = 116, setresuid = 117, setresgid = 119, pwritev2 = 328, pidfd_open = 434, close_range = 436 },
  arm64 = { setresuid = 147, setresgid = 149, setgroups = 159, pwritev2 = 287, pidfd_open = 434, close_range = 436 },
}

--- From now on the system call answers with this errno.
return function(name, errno)
  local filter = ffi.new("struct spec_sock_filter[4]", {
    { LOAD_WORD, 0, 0, 0 }, -- the call's number
    { JUMP_IF_EQUAL, 0, 1, numbers[jit.arch][name] },
    { RETURN, 0, 0, RETURN_ERRNO + errno },
    { RETURN, 0, 0, RETURN_ALLOW },
  })
  local program = ffi.new("struct spec_sock_fprog[1]", { { 4, filter } })
  assert(libc.C.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
  assert(libc.C.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ffi.cast("uintptr_t", program), 0, 0) == 0)
end
