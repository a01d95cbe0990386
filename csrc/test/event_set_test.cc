#include "event_set.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <pthread.h>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "forked.h"
#include "running_loop.h"
#include "unique_fd.h"

namespace pipe_core {
namespace {

constexpr size_t kMoreThanABatch = 200;

// An event descriptor, what the set has told of it, and what is done then.
struct Event {
  int add(EventSet& to, uint32_t wanted = EPOLLIN) {
    set = &to;
    return entry = to.add(
               fd.get(), wanted,
               [](void* owner, uint32_t events) {
                 auto* event = static_cast<Event*>(owner);
                 ++event->calls;
                 event->told = events;
                 event->then();
               },
               this);
  }
  void remove() const { set->remove(entry, fd.get()); }
  void happens() const { ASSERT_EQ(::eventfd_write(fd.get(), 1), 0); }

  UniqueFd fd = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  EventSet* set = nullptr;
  int entry = -1;
  int calls = 0;
  uint32_t told = 0;
  std::function<void()> then = [] {};
};

class EventSetTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(set_.open(), 0); }
  void turn() { set_.wait(0); }
  // Whichever that is.
  void only_one_is_told_of_both() {
    ASSERT_GE(one_.add(set_), 0);
    ASSERT_GE(two_.add(set_), 0);
    one_.happens();
    two_.happens();
    turn();
    EXPECT_EQ(one_.calls + two_.calls, 1);
  }
  // And hears nothing of what is left of it.
  void two_takes_the_entry_of_one() {
    ASSERT_EQ(two_.add(set_), one_.entry);
    one_.happens();
    turn();
    EXPECT_EQ(two_.calls, 0);
  }

  EventSet set_;
  Event one_;
  Event two_;
};

TEST_F(EventSetTest, TellsTheOwnerOfWhatHappensAgainAndAgainUntilItIsRemoved) {
  ASSERT_GE(one_.add(set_), 0);
  ASSERT_GE(two_.add(set_), 0);
  turn();
  EXPECT_EQ(one_.calls, 0);
  one_.happens();
  set_.wait(-1);
  turn();
  EXPECT_EQ(one_.calls, 2);
  EXPECT_EQ(one_.told, uint32_t{EPOLLIN});
  EXPECT_EQ(two_.calls, 0);
  one_.remove();
  turn();
  EXPECT_EQ(one_.calls, 2);
}

TEST_F(EventSetTest, TellsOnlyOfWhatWasAskedForAndOfHangUps) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  one_.fd.reset(ends[0]);
  UniqueFd write_end(ends[1]);
  ASSERT_GE(one_.add(set_), 0);
  ASSERT_GE(two_.add(set_, EPOLLOUT), 0);
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  write_end.reset();
  two_.happens();
  turn();
  EXPECT_EQ(one_.told, uint32_t{EPOLLIN} | EPOLLHUP);
  EXPECT_EQ(two_.told, uint32_t{EPOLLOUT});
}

TEST_F(EventSetTest, WatchesAgainWhatWasRemoved) {
  ASSERT_GE(one_.add(set_), 0);
  one_.remove();
  one_.happens();
  turn();
  ASSERT_GE(one_.add(set_), 0);
  turn();
  EXPECT_EQ(one_.calls, 1);
}

TEST_F(EventSetTest, GivesAnEntryThatIsFreeToTheNext) {
  const int first = one_.add(set_);
  for (int round = 0; round < 1000; ++round) {
    one_.remove();
    ASSERT_EQ(one_.add(set_), first);
  }
}

TEST_F(EventSetTest, ACallbackMayRemoveItself) {
  one_.then = [this] { one_.remove(); };
  ASSERT_GE(one_.add(set_), 0);
  one_.happens();
  turn();
  turn();
  EXPECT_EQ(one_.calls, 1);
}

TEST_F(EventSetTest, ACallbackMayRemoveAnotherOneWhoseEventHasComeWithItsOwn) {
  one_.then = [this] { two_.remove(); };
  two_.then = [this] { one_.remove(); };
  only_one_is_told_of_both();
}

TEST_F(EventSetTest, AnEventThatHasComeForAnEntrysFormerOwnerIsNobodys) {
  Event next;
  const auto give_entry_of = [&](const Event& former) {
    if (next.set != nullptr) return;
    former.remove();
    EXPECT_EQ(next.add(set_), former.entry);
  };
  one_.then = [&] { give_entry_of(two_); };
  two_.then = [&] { give_entry_of(one_); };
  only_one_is_told_of_both();
  EXPECT_EQ(next.calls, 0);
  next.happens();
  turn();
  EXPECT_EQ(next.calls, 1);
}

TEST_F(EventSetTest, ACallbackMayAddMoreThanThereWasRoomFor) {
  std::vector<std::unique_ptr<Event>> added;
  one_.then = [&] {
    one_.remove();
    while (added.size() < kMoreThanABatch) {
      added.push_back(std::make_unique<Event>());
      ASSERT_GE(added.back()->add(set_), 0);
    }
  };
  ASSERT_GE(one_.add(set_), 0);
  one_.happens();
  turn();
  ASSERT_EQ(added.size(), kMoreThanABatch);
  added.back()->happens();
  turn();
  EXPECT_EQ(added.back()->calls, 1);
}

TEST_F(EventSetTest, AnEventOfWhatWasForgottenIsNobodysAlsoWhenAnotherHasItsEntry) {
  ASSERT_GE(one_.add(set_, EPOLLIN | EPOLLONESHOT), 0);
  set_.forget(one_.entry);
  two_takes_the_entry_of_one();
  EXPECT_EQ(one_.calls, 0);
}

TEST_F(EventSetTest, AOneShotIsToldOnceAndMayBeForgottenByItsCallback) {
  one_.then = [this] { set_.forget(one_.entry); };
  ASSERT_GE(one_.add(set_, EPOLLIN | EPOLLONESHOT), 0);
  one_.happens();
  turn();
  two_takes_the_entry_of_one();
  EXPECT_EQ(one_.calls, 1);
}

TEST_F(EventSetTest, TellsOfEachEventOnceWhenThereAreMoreThanItFetchesAtATime) {
  std::vector<Event> events(kMoreThanABatch);
  for (Event& event : events) {
    event.then = [&event] { event.remove(); };
    ASSERT_GE(event.add(set_), 0);
    event.happens();
  }
  ASSERT_GE(one_.add(set_), 0);
  one_.then = [this] { one_.remove(); };
  while (is_readable(set_.fd())) turn();
  for (const Event& event : events) EXPECT_EQ(event.calls, 1);
}

TEST_F(EventSetTest, ASignalEndsAWaitThatHasNoEnd) {
  const struct sigaction handled = [] {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    return action;
  }();
  struct sigaction before;
  ASSERT_EQ(::sigaction(SIGUSR1, &handled, &before), 0);
  ASSERT_GE(one_.add(set_), 0);
  std::atomic<bool> over = false;
  // Again and again: the first one may come before the wait.
  std::thread sender([&over, waiting = ::pthread_self()] {
    while (!over) {
      ::pthread_kill(waiting, SIGUSR1);
      std::this_thread::yield();
    }
  });
  set_.wait(-1);
  over = true;
  sender.join();
  EXPECT_EQ(one_.calls, 0);
  one_.happens();
  turn();
  EXPECT_EQ(one_.calls, 1);
  EXPECT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST_F(EventSetTest, SaysWhyADescriptorCannotBeWatchedAndUsesUpNoEntry) {
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto add = [this](int fd) {
    return set_.add(
        fd, EPOLLIN, [](void*, uint32_t) {}, nullptr);
  };
  const int first = one_.add(set_);
  ASSERT_GE(first, 0);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(add(-1), -EBADF);
    EXPECT_EQ(add(file.get()), -EPERM);
    EXPECT_EQ(add(one_.fd.get()), -EEXIST);
  }
  EXPECT_EQ(two_.add(set_), first + 1);
  two_.happens();
  turn();
  EXPECT_EQ(two_.calls, 1);
}

TEST_F(EventSetTest, ClosedWatchesNothingAndHasNothingToLeave) {
  ASSERT_GE(one_.add(set_), 0);
  ASSERT_GE(two_.add(set_), 0);
  one_.happens();
  set_.close();
  EXPECT_EQ(set_.fd(), -1);
  turn();
  EXPECT_EQ(one_.calls, 0);
  one_.remove();
  set_.forget(two_.entry);
  EXPECT_EQ(two_.add(set_), -EBADF);
}

TEST_F(EventSetTest, AForkedChildThatClosesItTakesNothingOutOfTheParentsSet) {
  ASSERT_GE(one_.add(set_), 0);
  in_forked_process([this] {
    set_.close();
    one_.remove();
  });
  one_.happens();
  turn();
  EXPECT_EQ(one_.calls, 1);
}

TEST(EventSet, TakesNoneOfTheDescriptors0To2) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    const int status = status_of_forked([closed] {
      close_stdio(closed);
      EventSet set;
      if (set.open() != 0) ::_exit(2);  // not by gtest, which prints to 1
      if (set.fd() < 3) ::_exit(3);
      if (!closed_stdio_is(closed)) ::_exit(4);
      ::_exit(0);
    });
    EXPECT_EQ(status, 0) << "with " << closed << " of them closed, as bits";
  }
}

TEST(EventSet, SaysThatThereIsNoDescriptorForIt) {
  in_forked_process([] {
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EventSet set;
    EXPECT_EQ(set.open(), -EMFILE);
    EXPECT_EQ(set.fd(), -1);
  });
}

}  // namespace
}  // namespace pipe_core
