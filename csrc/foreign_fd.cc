#include "foreign_fd.h"

#include <cerrno>
#include <cstdint>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

namespace pipe_core {
namespace {

int adopt(UniqueFd& owner, int fd) {
  if (fd < 0) return -errno;
  owner.reset(fd);
  return owner.move_above_stdio();
}

int add_to(const UniqueFd& epoll, int fd) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

}  // namespace

int ForeignFd::open(int set_fd) {
  if (is_open()) return epoll_.get();
  UniqueFd epoll;
  int status = adopt(epoll, ::epoll_create1(EPOLL_CLOEXEC));
  if (status == 0) status = adopt(timer_, ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (status == 0) status = adopt(event_, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  for (const int fd : {set_fd, timer_.get(), event_.get()}) {
    if (status == 0) status = add_to(epoll, fd);
  }
  if (status < 0) {
    close();
    return status;
  }
  epoll_ = std::move(epoll);
  wake();  // whatever was started before
  return epoll_.get();
}

void ForeignFd::wake() {
  const uint64_t one = 1;
  if (event_) static_cast<void>(!::write(event_.get(), &one, sizeof one));
}

void ForeignFd::clear_wake() {
  uint64_t count;
  if (event_) static_cast<void>(!::read(event_.get(), &count, sizeof count));
}

void ForeignFd::set_timer(int ms) {
  if (!timer_) return;
  if (ms == 0) wake();
  itimerspec due = {};
  if (ms > 0) {
    due.it_value.tv_sec = ms / 1000;
    due.it_value.tv_nsec = (ms % 1000) * 1000000L;
  }
  // A loop that turns for nothing is better than one that nobody wakes.
  if (::timerfd_settime(timer_.get(), 0, &due, nullptr) != 0) wake();
}

void ForeignFd::close() {
  epoll_.reset();
  timer_.reset();
  event_.reset();
}

}  // namespace pipe_core
