# AddressSanitizer and UndefinedBehaviorSanitizer.

# Not vptr: its check of an object's type makes a pipe, and takes the lack of descriptors for a bad object.
build_with_sanitizer(asan -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)

# Leaks go unreported in LuaJIT, whose own are not ours, and where what only Lua holds at os.exit looks like one; the
# GoogleTests do report them.
string(PREPEND PIPE_START "export ASAN_OPTIONS=detect_leaks=0:\$ASAN_OPTIONS\n")

# A copy inherits the locks of AddressSanitizer's allocator as other threads held them, and waits for ever: GCC 12's
# lets go of none at a fork.
set(PIPE_EXCLUDED "*/LuaStatesInThreads.MayBeForkedWithTheHost/*")
