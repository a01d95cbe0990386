-- What the library calls that is not in the table of faults: it cannot fail, or nothing depends on whether it has.

local list = {}

for name in ([[
  __environ environ getenv sysconf __errno_location strerror_r strerrorname_np
  memchr memcpy memmove memset strchr strcmp strlen strrchr strtol snprintf __isoc99_sscanf fileno
  getpid getppid gettid umask exit_group sched_yield pthread_mutex_lock pthread_mutex_unlock
  __libc_current_sigrtmin __libc_current_sigrtmax sigaddset sigemptyset sigismember free munmap
  __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable _Unwind_Resume
  __cxa_begin_catch __cxa_end_catch __cxa_finalize __cxa_pure_virtual __cxa_rethrow __gxx_personality_v0
  uv_backend_fd uv_backend_timeout uv_close uv_handle_get_loop uv_hrtime uv_loop_alive uv_loop_close uv_loop_init
  uv_run uv_timer_init uv_timer_start uv_timer_stop uv_update_time
]]):gmatch("%S+") do
  list[name] = true
end

-- Of C++'s library: types, exceptions, delete, and what trees, tables and clocks are made of. (What libuv's functions
-- call by themselves is in the table.)
local PATTERNS = {
  "^_ZT[IV]", "^_ZSt%d+__throw_", "^_ZSt7nothrow$", "^_ZdlPv", "Rb_tree_", "_Prime_rehash_policy",
  "steady_clock3nowEv$",
}

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
