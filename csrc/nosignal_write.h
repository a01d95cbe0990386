// writev(2) that answers EPIPE without SIGPIPE, and leaves the host's signal settings alone.
#ifndef NOSIGNAL_WRITE_H_
#define NOSIGNAL_WRITE_H_

#include <sys/types.h>
#include <sys/uio.h>

namespace pipe_core {

// The number of bytes, or a negative errno. Takes the cheapest way that the kernel has.
ssize_t nosignal_write(int fd, const iovec* vectors, int count);

// The two ways. The first is Linux 6.18's RWF_NOSIGNAL; UV_ENOTSUP where it is missing.
ssize_t write_with_nosignal_flag(int fd, const iovec* vectors, int count);
ssize_t write_with_sigpipe_blocked(int fd, const iovec* vectors, int count);

}  // namespace pipe_core

#endif
