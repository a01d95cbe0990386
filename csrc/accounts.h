// The user and group databases, by whatever nsswitch.conf(5) says. They may block.
#ifndef ACCOUNTS_H_
#define ACCOUNTS_H_

#include "pipe.h"

namespace pipe_core {

// The two of pipe.h. May throw std::bad_alloc.
int find_user(const char* name, pipe_account* account);
int find_group(const char* name, unsigned* gid);

}  // namespace pipe_core

#endif
