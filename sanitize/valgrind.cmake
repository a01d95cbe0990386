# Valgrind's memcheck: no leak, no invalid access, no decision by what nobody has written. Nothing is instrumented.
# Other programs are not followed. What it finds is in build/reports, in a file for each process.

find_program(VALGRIND valgrind REQUIRED)
add_library(grow_stack SHARED sanitize/grow_stack.c)
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/reports")
file(CHMOD "${PROJECT_BINARY_DIR}/reports" PERMISSIONS # some tests become another user
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_WRITE GROUP_EXECUTE WORLD_READ WORLD_WRITE WORLD_EXECUTE)

# Leaks that are "possible" are what something points into: the dynamic loader has some.
set(valgrind "${VALGRIND}" --quiet --vgdb=no --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
  --errors-for-leak-kinds=definite --num-callers=30 "--log-file=${PROJECT_BINARY_DIR}/reports/%p"
  "--suppressions=${PROJECT_SOURCE_DIR}/sanitize/valgrind.supp")
# Its children have no memory in common with it; and its version 3.19 has no pidfds.
set(environment "LD_PRELOAD=$<TARGET_FILE:grow_stack>" PIPE_SPAWN=fork PIPE_REAPER=sigchld)
set(PIPE_ONE_WAY ON)
# It is gone itself when the kernel refuses an execve(2) for a reason that it has not foreseen.
set(PIPE_UNHEARD "The option env that is too long fails the spawn")
set(PIPE_LAUNCHER "${CMAKE_COMMAND}" -E env ${environment} ${valgrind})

# arg[-1] names LuaJIT here; spec/host.lua has to be told of the script.
list(JOIN environment " " environment)
list(JOIN valgrind "' '" valgrind)
set(PIPE_START "export ${environment} PIPE_SPEC_LUAJIT=\"\$0\"\nexec '${valgrind}' PROGRAM \"\$@\"")
