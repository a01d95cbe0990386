# Valgrind's memcheck: no leak, no invalid access, no decision by what nobody has written. Nothing is instrumented.
# Other programs are not followed. What it finds is in build/reports, in a file for each process.

find_program(VALGRIND valgrind REQUIRED)
add_library(grow_stack SHARED sanitize/grow_stack.c)
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/reports")
# Also for a process that is another user by now: where it cannot write its report, valgrind ends it.
file(CHMOD "${PROJECT_BINARY_DIR}/reports" DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_WRITE GROUP_EXECUTE WORLD_READ WORLD_WRITE WORLD_EXECUTE)

# Leaks that are "possible" are what something points into: the dynamic loader has some.
set(valgrind "${VALGRIND}" --quiet --vgdb=no --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
  --errors-for-leak-kinds=definite --num-callers=30 "--log-file=${PROJECT_BINARY_DIR}/reports/%p"
  "--suppressions=${PROJECT_SOURCE_DIR}/sanitize/valgrind.supp")
# Its version 3.19 knows neither a clone that shares memory with the process but is no thread, nor pidfd_open(2).
set(environment "LD_PRELOAD=$<TARGET_FILE:grow_stack>" PIPE_SPAWN=fork PIPE_REAPER=sigchld)
set(PIPE_ONE_WAY ON)
set(PIPE_LAUNCHER "${CMAKE_COMMAND}" -E env ${environment} ${valgrind})

# arg[-1] names LuaJIT here; spec/host.lua has to be told of the script.
list(JOIN environment " " environment)
list(JOIN valgrind "' '" valgrind)
set(PIPE_START "export ${environment} PIPE_SPEC_LUAJIT=\"\$0\"\nexec '${valgrind}' PROGRAM \"\$@\"")

list(APPEND PIPE_EXCLUDED
  # The ways with shared memory that PIPE_SPAWN=fork is there to avoid; and what makes a vfork(2) of its own, which
  # becomes a fork(2).
  "*/SharedMemory*" "*/Pidfd" "*/Sigchld" "*.ReachesAParentThatWaitsInVfork/*"
  # Pidfds: with them is without them here, or it is about them alone.
  "*/Pidfd*" "*/pidfd" "ReaperChoice.*" "Child.OfAHostThatIgnoresSigchldKeepsItsStatus*" "*.OfProcIsTold/*"
  # No way out of the limit for a new descriptor that the kernel makes together with a child: valgrind's limit is not
  # the kernel's, and it aborts.
  "*.ThatRunOutAnywhereLeaveNothing/OwnMemory" "*.ThatRunOutAnywhereLeaveNothing/OwnMemoryWithoutCloseRange"
  # The hard limit for descriptors: nobody may lower it.
  "*.SetsLimitsInTheirOrder/*" "*.GivesDescriptorsAboveTheChildsNewLimit/*" "*.IsALimitByItsIndex/*"
  # Signal 64 is valgrind's own.
  "*.RefusesWhatIsNoSignal/*" "Signals.MayBeAnyThatDoNotEndTheProcessUnderOurHands"
  # Without rt_sigprocmask(2) it aborts.
  "*.WritesNothingWhereSigpipeCannotBeBlocked"
  # A forked copy has its report open, too.
  "*.AForkedCopyKeepsNothingOfALoopButWhatLibuvHidesInIt/*"
  # A signal takes effect at the process's next wait, or some 100000 jumps later: meanwhile it forks on.
  "*.ReachesATreeThatForksAllTheTime/*")
# It is gone itself when the kernel refuses an execve(2) for a reason that it has not foreseen.
set(PIPE_UNHEARD "The option env that is too long fails the spawn"
  "foreman start ends what it has started when another process cannot be started")
