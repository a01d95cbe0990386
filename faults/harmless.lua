-- What the library calls that is not in the table of faults: it cannot fail, or nothing depends on whether it has.

local list = {}

for name in ([[
  __environ environ getenv sysconf __errno_location strerror_r strerrorname_np
  memchr memcpy memmove memset strchr strcmp strlen strrchr strtol snprintf __isoc99_sscanf fileno
  getpid getppid gettid umask exit_group sched_yield pthread_mutex_lock pthread_mutex_unlock
  __libc_current_sigrtmin __libc_current_sigrtmax sigaddset sigemptyset sigismember free munmap
  __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable _Unwind_Resume
]]):gmatch("%S+") do
  list[name] = true
end

-- libuv's functions, whose own calls are in the table; C++'s runtime, but for what allocates or registers.
local PATTERNS = { "^uv_", "^_Z", "^__cxa_", "^__gxx_" }

---@param name string a function, or a system call
---@return boolean
return function(name)
  if list[name] then
    return true
  end
  for _, pattern in ipairs(PATTERNS) do
    if name:find(pattern) then
      return true
    end
  end
  return false
end
