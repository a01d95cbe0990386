// Owns one libuv handle. libuv needs the memory until the close callback, so it is freed there and nowhere else.
#ifndef UV_HANDLE_H_
#define UV_HANDLE_H_

#include <new>
#include <utility>
#include <uv.h>

#include "fork_guard.h"

namespace pipe_core {

// What each of our uv_loop_t's data points to.
struct LoopState {
  uint64_t generation = 0;  // of the process that opened the loop
};

template <class Handle>
class UvHandle {
 public:
  UvHandle() = default;
  UvHandle(UvHandle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  UvHandle& operator=(UvHandle&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~UvHandle() { reset(); }

  Handle* get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

  // `init(handle)` is one of libuv's init functions; what it refuses was never registered and is simply freed.
  template <class Init>
  int open(void* owner, Init init) {
    auto* handle = new (std::nothrow) Handle;
    if (handle == nullptr) return UV_ENOMEM;
    if (const int status = init(handle); status < 0) {
      delete handle;
      return status;
    }
    handle->data = owner;
    reset();
    handle_ = handle;
    return 0;
  }

  void reset() {
    Handle* handle = std::exchange(handle_, nullptr);
    if (handle == nullptr) return;
    const auto* state = static_cast<const LoopState*>(uv_handle_get_loop(as_handle(handle))->data);
    if (ForkGuard::inherited(state->generation)) {
      // uv_close() would take the parent's watch out of the epoll set that both share. And nobody runs this loop, so
      // that it may keep a pointer to what was there.
      delete handle;
      return;
    }
    uv_close(as_handle(handle), [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
  }

 private:
  static uv_handle_t* as_handle(Handle* handle) { return reinterpret_cast<uv_handle_t*>(handle); }
  Handle* handle_ = nullptr;
};

}  // namespace pipe_core

#endif
