#include "dispositions.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <unistd.h>

#include "fork_guard.h"
#include "raw_syscall.h"

namespace pipe_core {
namespace {

// What the host had. Never freed nor changed: a handler may be reading it. A host that takes turns between a few of
// them gets a few.
struct Kept {
  struct sigaction action;
  const Kept* next;
};

struct Disposition {
  std::atomic<const Kept*> before{nullptr};  // is put back
  std::atomic<const Kept*> below{nullptr};  // is called by ours: another one where somebody has put a handler over ours
  std::atomic<int> instead{0};
  int claims = 0;
  bool buried = false;  // somebody put a handler over ours and may still call it
  const Kept* all = nullptr;
};

Disposition dispositions[Dispositions::kSignals];
std::atomic<Dispositions::Listener> heard_by{nullptr};
std::atomic<pid_t> owner{0};
std::atomic<uint64_t> owners_generation{0};

void on_signal(int signum, siginfo_t* info, void* context);

bool has_function(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}
bool is_ignored(const struct sigaction& action) { return !has_function(action) && action.sa_handler == SIG_IGN; }
bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

bool are_equal(const struct sigaction& a, const struct sigaction& b) {
  constexpr size_t kKernelsMask = 8;     // bytes; what glibc has behind them is left to chance
  constexpr int kRestorer = 0x04000000;  // libc's own, in all that it has ever set
  return ((a.sa_flags ^ b.sa_flags) & ~kRestorer) == 0 && a.sa_handler == b.sa_handler &&
         std::memcmp(&a.sa_mask, &b.sa_mask, kKernelsMask) == 0;
}

void call(const struct sigaction& action, int signum, siginfo_t* info, void* context) {
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    if (action.sa_sigaction != nullptr) action.sa_sigaction(signum, info, context);
  } else if (has_function(action)) {
    action.sa_handler(signum);
  }
}

void call_below(int signum, siginfo_t* info, void* context) {
  const Kept* below = dispositions[signum].below.load();
  if (below != nullptr) call(below->action, signum, info, context);
}

// SIGCHLD is shared: another library's handler that is not called would miss its children's exits. Any other claim
// would be void if the host's handler were called too: LuaJIT's own for SIGINT throws an error into the script.
bool is_shared(int signum) { return signum == SIGCHLD; }

// In a forked copy of the host, or in a vfork(2) child in its memory: the signal does what it did before it was caught.
void do_as_before(int signum, siginfo_t* info, void* context) {
  struct sigaction now = {};
  if (::sigaction(signum, nullptr, &now) != 0) return;
  if (!is_ours(now)) {
    call_below(signum, info, context);
    return;
  }
  const struct sigaction& before = dispositions[signum].before.load()->action;
  ::sigaction(signum, &before, nullptr);
  if (has_function(before)) {
    call(before, signum, info, context);
  } else {
    // It is blocked while we are in its handler, and comes when we return. Not raise(3), which may know of the
    // parent's thread only.
    raw_syscall(SYS_tgkill, ::getpid(), raw_syscall(SYS_gettid), signum);
  }
}

void on_signal(int signum, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (!Dispositions::listening()) {
    do_as_before(signum, info, context);
  } else {
    heard_by.load()(signum);
    if (dispositions[signum].instead.load() == 0 || is_shared(signum)) call_below(signum, info, context);
  }
  errno = saved_errno;
}

// nullptr if there is no memory.
const Kept* keep(Disposition& disposition, const struct sigaction& action) {
  for (const Kept* each = disposition.all; each != nullptr; each = each->next) {
    if (are_equal(each->action, action)) return each;
  }
  const Kept* made = new (std::nothrow) Kept{action, disposition.all};
  if (made != nullptr) disposition.all = made;
  return made;
}

int install(int signum, const struct sigaction& now, bool over_a_caller) {
  Disposition& disposition = dispositions[signum];
  const Kept* kept = keep(disposition, now);
  if (kept == nullptr) return -ENOMEM;
  struct sigaction ours = now;  // its mask and flags: the host's other signals notice no difference
  ours.sa_sigaction = on_signal;
  ours.sa_flags |= SA_SIGINFO | SA_ONSTACK;
  ours.sa_flags &= ~SA_RESETHAND;
  // No system call of the host's was interrupted before, so none is now.
  if (!has_function(now)) ours.sa_flags |= SA_RESTART;
  disposition.before = kept;
  if (!over_a_caller) disposition.below = kept;
  return ::sigaction(signum, &ours, nullptr) == 0 ? 0 : -errno;
}

}  // namespace

std::mutex& Dispositions::mutex() {
  // Never destroyed, since exit handlers may still need it; nor made, since a fork's handlers must not fail.
  static constinit std::mutex mutex;
  static_assert(std::is_trivially_destructible_v<std::mutex>);
  return mutex;
}

int Dispositions::claim(int signum, Claim claim) {
  const std::lock_guard<std::mutex> lock(mutex());
  Disposition& disposition = dispositions[signum];
  struct sigaction now = {};
  if (::sigaction(signum, nullptr, &now) != 0) return -errno;
  const bool ours = is_ours(now);
  if (claim == Claim::kBeside && is_ignored(ours ? disposition.before.load()->action : now)) return -EINVAL;
  // Who put a handler over ours may call ours from it. Ours on top of that must not call it in turn, without end.
  const bool over_a_caller = has_function(now) && (disposition.buried || disposition.claims > 0);
  const bool calls_it = claim == Claim::kBeside || is_shared(signum);
  if (!ours && !(over_a_caller && calls_it)) {
    if (const int status = install(signum, now, over_a_caller); status < 0) return status;
    disposition.buried = over_a_caller;
  }
  ++disposition.claims;
  if (claim == Claim::kInstead) ++disposition.instead;
  return 0;
}

void Dispositions::release(int signum, Claim claim) {
  const std::lock_guard<std::mutex> lock(mutex());
  Disposition& disposition = dispositions[signum];
  if (claim == Claim::kInstead) --disposition.instead;
  --disposition.claims;
  const struct sigaction& before = disposition.before.load()->action;
  const bool ignored_again = disposition.instead == 0 && is_ignored(before);
  if (disposition.claims > 0 && !ignored_again) return;
  struct sigaction now = {};
  if (::sigaction(signum, nullptr, &now) != 0) return;
  if (is_ours(now)) {
    ::sigaction(signum, &before, nullptr);
  } else {
    disposition.buried = has_function(now);
  }
}

void Dispositions::put_back() {
  for (int signum = 1; signum < kSignals; ++signum) {
    Disposition& disposition = dispositions[signum];
    if (disposition.claims == 0) continue;
    const struct sigaction& before = disposition.before.load()->action;
    struct sigaction now = {};
    if (::sigaction(signum, nullptr, &now) == 0 && is_ours(now)) {
      ::sigaction(signum, &before, nullptr);
    } else if (has_function(now) && !are_equal(now, before)) {  // equal: a signal that came has put it back
      disposition.buried = true;
    }
    disposition.claims = 0;
    disposition.instead = 0;
  }
}

bool Dispositions::listening() {
  // Both: a child of vfork(2) has our memory and another pid, and one in a pid namespace may have the same pid.
  return ::getpid() == owner.load() && !ForkGuard::inherited(owners_generation.load());
}

int Dispositions::listen(Listener listener) {
  const uint64_t generation = ForkGuard::generation();
  if (generation == 0) return -ENOMEM;
  put_back();
  heard_by = listener;
  owners_generation = generation;
  owner = ::getpid();
  return 0;
}

}  // namespace pipe_core
