-- What is run: each scenario, in each of the ways in which the library goes through it.

---@class faults.Variant
---@field scenario string
---@field title string
---@field environment table<string, string> PIPE_REAPER, PIPE_SPAWN
---@field never table<string, string> by call: the errno of a kernel, or a sandbox, that does not have it
---@field root boolean only root can go through it

local list = {}

local function add(scenario, title, environment, never)
  list[#list + 1] = {
    scenario = scenario, title = scenario .. title, environment = environment, never = never,
    root = scenario == "user",
  }
end

local function plain(scenario) add(scenario, "", {}, {}) end
local function sigchld(scenario) add(scenario, " with SIGCHLD", { PIPE_REAPER = "sigchld" }, {}) end
local function fork(scenario) add(scenario, " with fork", { PIPE_SPAWN = "fork" }, {}) end

local function without(call, errno)
  return function(scenario) add(scenario, " without " .. call, {}, { [call] = errno }) end
end

-- Before Linux 5.1.
local function old(scenario)
  add(scenario, " with an old kernel", {},
    { close_range = "ENOSYS", P_PIDFD = "EINVAL", pidfd_open = "ENOSYS", pidfd_send_signal = "ENOSYS",
      pwritev2 = "EOPNOTSUPP" })
end

-- A sandbox, in a file system without /proc.
local function walled(scenario)
  add(scenario, " within walls", {}, { close_range = "EPERM", openat = "EPERM" })
end

local function fork_without_kill(scenario)
  add(scenario, " with fork, without kill", { PIPE_SPAWN = "fork" }, { kill = "EPERM" })
end

local hidden = without("open", "ENOENT")

local WAYS = {
  line = { plain, sigchld, fork, old, walled, without("pwritev2", "EOPNOTSUPP") },
  flood = { plain },
  reader_gone = { plain, old },
  timeouts = { plain, sigchld, old, without("pidfd_send_signal", "EPERM") },
  refused = { plain, sigchld, fork, fork_without_kill },
  files = { plain, fork },
  many_descriptors = { plain, old },
  options = { plain, fork },
  daemon = { plain, sigchld },
  user = { plain, fork },
  terminal = { plain, without("TIOCGPTPEER", "EINVAL") },
  tree = { plain, sigchld, without("pidfd_send_signal", "EPERM") },
  pipeline = { plain, sigchld },
  full_terminal = { plain },
  hidden = { hidden },
  late = { without("getppid", "EPERM") },
  no_stdio = { plain, fork },
  search = { plain },
  sigpipe_blocked = { old },
  swapped = { plain, fork },
  run = { plain },
  run_timeout = { plain, sigchld },
  terminate = { plain, sigchld },
  first_of_several = { plain, sigchld },
  foreign_loop = { plain, sigchld },
  signals = { plain, sigchld },
  signals_copied = { plain },
  light_threads = { plain },
  dropped = { plain, sigchld },
  stolen = { plain, sigchld, without("PIDFD_GET_INFO", "EINVAL") },
  host_ends = { plain, sigchld },
  state_ends = { plain, sigchld },
  host_forks = { plain },
}

local names = {}
for name in pairs(WAYS) do
  names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
  for _, way in ipairs(WAYS[name]) do
    way(name)
  end
end

return list
