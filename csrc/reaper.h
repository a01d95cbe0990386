// Learns that a child has exited. Two ways behind one interface: pidfds, and SIGCHLD by the self-pipe trick.
#ifndef REAPER_H_
#define REAPER_H_

#include <map>
#include <memory>

#include "child.h"
#include "event_set.h"
#include "self_pipe.h"
#include "uv_handle.h"

namespace pipe_core {

// What a reaper calls when a watched child may have exited: true if it has, and was reaped and forgotten.
class ReapTarget {
 public:
  virtual bool reap(Child& child) = 0;

 protected:
  ~ReapTarget() = default;
};

class Reaper {
 public:
  virtual ~Reaper() = default;
  virtual const char* name() const = 0;
  // Whether children should be started with a pidfd.
  virtual bool wants_pidfd() const = 0;
  // From now on the child is reaped when it exits. Returns 0 or a negative errno.
  virtual int watch(Child& child) = 0;
  virtual void unwatch(Child& child) = 0;
  // In a forked child of the host: closes descriptors, touches no event loop.
  virtual void abandon() = 0;

  // The best one that the kernel, the sandbox and the environment variable PIPE_REAPER allow. May throw std::bad_alloc.
  static std::unique_ptr<Reaper> choose(EventSet& events, uv_loop_t* loop, ReapTarget& target);
};

// Asks for each of its children from time to time. Part of both reapers, for what no event announces.
class Asker {
 public:
  Asker(uv_loop_t* loop, ReapTarget& target) : loop_(loop), target_(target) {}
  // The first question comes with the loop's next turn: an exit before this call is not missed. Returns 0 or UV_ENOMEM.
  int add(Child& child);
  void remove(Child& child);
  void ask_all();
  bool empty() const { return children_.empty(); }

 private:
  uv_loop_t* loop_;
  ReapTarget& target_;
  std::map<pid_t, Child*> children_;
  UvHandle<uv_timer_t> timer_;
};

class PidfdReaper final : public Reaper {
 public:
  PidfdReaper(EventSet& events, uv_loop_t* loop, ReapTarget& target)
      : events_(events), target_(target), asker_(loop, target) {}
  static bool supported();
  const char* name() const override { return "pidfd"; }
  bool wants_pidfd() const override { return true; }
  int watch(Child& child) override;
  void unwatch(Child& child) override;
  void abandon() override {}

 private:
  void on_readable(Child& child);
  void leave_set(Child& child);

  EventSet& events_;
  ReapTarget& target_;
  Asker asker_;
};

class SigchldReaper final : public Reaper {
 public:
  // The pipe is made now: close() and the garbage collector watch children too, and must not want for descriptors.
  SigchldReaper(EventSet& events, uv_loop_t* loop, ReapTarget& target)
      : asker_(loop, target), self_pipe_(events, Dispositions::Claim::kBeside) {
    static_cast<void>(self_pipe_.open());
  }
  const char* name() const override { return "sigchld"; }
  bool wants_pidfd() const override { return false; }
  int watch(Child& child) override;
  void unwatch(Child& child) override;
  void abandon() override;

 private:
  Asker asker_;
  SelfPipe self_pipe_;
};

}  // namespace pipe_core

#endif
