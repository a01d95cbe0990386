#include "plan.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace faults {
namespace {

constexpr size_t kNameSize = 40;
constexpr size_t kMostSites = 1024;
constexpr size_t kMostNames = 128;
constexpr size_t kMostBlocks = 1U << 14;
constexpr size_t kMostAlways = 8;

struct Name {
  char text[kNameSize];
  unsigned calls;
  int always;  // the errno of a kernel or a sandbox that never allows it
};

struct Site {
  size_t name;
  size_t offset;  // in the library's file; 0 for one in libstdc++
  unsigned first;
  unsigned calls;
  unsigned blocks;
  bool refused;
};

// Stays in its slot when it is freed, since its address will come again.
struct Block {
  const void* address;
  size_t site;  // kMostSites: freed
};

using SpinLock = std::atomic<bool>;

// Without signals meanwhile: the library's handler calls what counts, too.
class Locked {
 public:
  explicit Locked(SpinLock& lock) : lock_(lock) {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, &before_);
    while (lock_.exchange(true, std::memory_order_acquire)) {
    }
  }
  ~Locked() {
    lock_.store(false, std::memory_order_release);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  SpinLock& lock_;
  sigset_t before_;
};

// Shared with forked copies of the host, so that one plan counts for all of them.
struct State {
  SpinLock lock;
  bool on;
  Code core;
  Code libuv;
  Code libstdcxx;
  char call[kNameSize];
  unsigned nth;
  int error;
  bool injected;
  Name names[kMostNames];
  size_t name_count;
  Site sites[kMostSites];
  size_t site_count;
  Block blocks[kMostBlocks];
};

State* state = nullptr;
pid_t host = -1;

[[noreturn]] void give_up(const char* why) {
  dprintf(STDERR_FILENO, "faults: %s\n", why);
  _exit(99);
}

int find_code(dl_phdr_info* info, size_t, void*) {
  Code* code = nullptr;
  if (std::strstr(info->dlpi_name, "/libpipe_core.so") != nullptr) code = &state->core;
  if (std::strstr(info->dlpi_name, "/libuv.so") != nullptr) code = &state->libuv;
  if (std::strstr(info->dlpi_name, "/libstdc++.so") != nullptr) code = &state->libstdcxx;
  if (code == nullptr) return 0;
  code->base = reinterpret_cast<const char*>(info->dlpi_addr);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    code->begin = code->base + segment.p_vaddr;
    code->size = segment.p_memsz;
  }
  return 0;
}

size_t name_of(const char* text) {
  for (size_t i = 0; i < state->name_count; ++i) {
    if (std::strcmp(state->names[i].text, text) == 0) return i;
  }
  if (state->name_count == kMostNames) give_up("too many names");
  Name& added = state->names[state->name_count];
  std::snprintf(added.text, sizeof added.text, "%s", text);
  return state->name_count++;
}

size_t site_of(size_t name, const void* address) {
  const size_t offset =
      state->core.holds(address) ? static_cast<size_t>(static_cast<const char*>(address) - state->core.base) : 0;
  for (size_t i = 0; i < state->site_count; ++i) {
    if (state->sites[i].name == name && state->sites[i].offset == offset) return i;
  }
  if (state->site_count == kMostSites) give_up("too many call sites");
  state->sites[state->site_count] = {name, offset, 0, 0, 0, false};
  return state->site_count++;
}

// "close_range=38,pidfd_open=38"
void read_always() {
  const char* text = std::getenv("FAULTS_ALWAYS");
  for (; text != nullptr && *text != '\0'; text += *text == ',' ? 1 : 0) {
    char name[kNameSize] = {};
    int error = 0;
    int size = 0;
    if (std::sscanf(text, "%39[^=]=%d%n", name, &error, &size) != 2) give_up("bad FAULTS_ALWAYS");
    state->names[name_of(name)].always = error;
    text += size;
  }
}

// A forked copy of the host has memory of its own, with the same addresses.
bool is_host() { return state != nullptr && ::getpid() == host; }

size_t slot_of(const void* block) {
  size_t slot = (reinterpret_cast<size_t>(block) >> 4) % kMostBlocks;
  while (state->blocks[slot].address != nullptr && state->blocks[slot].address != block) {
    slot = (slot + 1) % kMostBlocks;
  }
  return slot;
}

// At once: it may be the last that is heard of us. Not dprintf(3), which takes stdio's locks: we may be in a signal's
// handler, or in a copy that another thread's work was inherited by half done.
void say_injected(const char* name, size_t offset) {
  char line[kNameSize + 32];
  const int size = std::snprintf(line, sizeof line, "@injected %s %zx\n", name, offset);
  static_cast<void>(!::write(STDOUT_FILENO, line, static_cast<size_t>(size)));
}

void report_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    if (fd <= STDERR_FILENO || fd == ::dirfd(folder) || fd == listener()) continue;
    char path[64];
    char target[256] = {};
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    static_cast<void>(!::readlink(path, target, sizeof target - 1));
    dprintf(STDOUT_FILENO, "@descriptor %d %s\n", fd, target);
  }
  ::closedir(folder);
}

void report_calls() {
  for (size_t i = 0; i < state->site_count; ++i) {
    const Site& site = state->sites[i];
    const char* name = state->names[site.name].text;
    // Of a run without a fault only: nobody asks the others.
    if (site.calls > 0 && state->call[0] == '\0')
      dprintf(STDOUT_FILENO, "@call %s %zx %u %u\n", name, site.offset, site.first, site.calls);
    if (site.refused) dprintf(STDOUT_FILENO, "@refused %s %zx\n", name, site.offset);
    if (site.blocks > 0) dprintf(STDOUT_FILENO, "@block %s %zx %u\n", name, site.offset, site.blocks);
  }
}

// The host is over, its Lua state and its loops included: what is left now is lost.
__attribute__((destructor)) void report() {
  if (!is_host()) return;
  state->on = false;
  report_calls();
  report_descriptors();
  siginfo_t info;
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) dprintf(STDOUT_FILENO, "@child\n");
  dprintf(STDOUT_FILENO, "@end\n");
}

__attribute__((constructor)) void forget_preload() { ::unsetenv("LD_PRELOAD"); }  // for the host alone

}  // namespace

const Code& core() { return state->core; }

int fails(const char* name, const void* site) {
  if (state == nullptr || !state->on) return 0;
  char libuvs[kNameSize];
  if (state->libuv.holds(site)) {
    std::snprintf(libuvs, sizeof libuvs, "libuv:%s", name);
    name = libuvs;
  } else if (!state->core.holds(site) && !state->libstdcxx.holds(site)) {
    return 0;
  }
  size_t offset = 0;
  {
    const Locked locked(state->lock);
    const size_t number = name_of(name);
    if (state->names[number].always != 0) {
      Site& called = state->sites[site_of(number, site)];
      called.refused = true;
      return state->names[number].always;
    }
    const unsigned count = ++state->names[number].calls;
    Site& called = state->sites[site_of(number, site)];
    if (called.calls++ == 0) called.first = count;
    if (count != state->nth || std::strcmp(name, state->call) != 0) return 0;
    state->injected = true;
    offset = called.offset;
  }
  say_injected(name, offset);
  return state->error;
}

void owned(const char* name, const void* site, const void* block) {
  if (block == nullptr || !is_host()) return;
  if (!state->core.holds(site) && !state->libuv.holds(site) && !state->libstdcxx.holds(site)) return;
  const Locked locked(state->lock);
  const size_t slot = slot_of(block);
  state->blocks[slot] = {block, site_of(name_of(name), site)};
  ++state->sites[state->blocks[slot].site].blocks;
}

void disowned(const void* block) {
  if (block == nullptr || !is_host()) return;
  const Locked locked(state->lock);
  Block& found = state->blocks[slot_of(block)];
  if (found.address == nullptr || found.site == kMostSites) return;
  --state->sites[found.site].blocks;
  found.site = kMostSites;
}

}  // namespace faults

extern "C" {

// From now on the library's calls count, and the `nth` of `call` fails with `error`; none for 0.
EXPORTED void faults_start(const char* call, unsigned nth, int error) {
  using namespace faults;
  host = ::getpid();
  void* memory = ::mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up("no memory");
  state = static_cast<State*>(memory);
  dl_iterate_phdr(find_code, nullptr);
  if (state->core.size == 0 || state->libuv.size == 0) give_up("libpipe_core.so and libuv.so are not loaded");
  std::snprintf(state->call, sizeof state->call, "%s", call);
  state->nth = nth;
  state->error = error;
  read_always();
  watch_raw_calls();
  state->on = true;
}

// Nothing fails any more, but for what never works.
EXPORTED void faults_stop(void) { faults::state->nth = 0; }

// The descriptors of a host that goes on.
EXPORTED void faults_report_held(void) {
  faults::report_descriptors();
  dprintf(STDOUT_FILENO, "@held\n");
}

// Whether the planned call has come.
EXPORTED int faults_injected(void) { return faults::state->injected ? 1 : 0; }
}
