# ThreadSanitizer.

build_with_sanitizer(tsan -fsanitize=thread)
add_preloaded(seen_close)
set(PIPE_ENVIRONMENT "LD_PRELOAD=${PROJECT_BINARY_DIR}/libseen_close.so:${PROJECT_BINARY_DIR}/libforget_preload.so")
string(REPLACE LD_PRELOAD=' "LD_PRELOAD='${PROJECT_BINARY_DIR}/libseen_close.so:" PIPE_START "${PIPE_START}")

# Its own thread is the liveliest that a process has.
set(PIPE_EXCLUDED Motion.IsBlockedInVfork)
# It puts a signal off until the process's next call, and keeps one of each number.
set(PIPE_UNHEARD "Twenty thousand signals that the kernel does not merge are twenty thousand calls of a handler")
