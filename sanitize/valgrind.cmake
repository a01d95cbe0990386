# Valgrind's memcheck: no leak, no invalid access, no decision by what nobody has written. Nothing is instrumented.
# Other programs are not followed. What it finds is in build/reports, in a file for each program, its forks included.

find_program(VALGRIND valgrind REQUIRED)
add_library(grow_stack SHARED sanitize/grow_stack.c)
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/reports")
# Opened before valgrind starts, not by --log-file: a fork that may not open its own, being another user by now, or may
# not overwrite that of somebody who had the same pid, would end.
set(report "9>>'${PROJECT_BINARY_DIR}/reports/'$$")

# Leaks that are "possible" are what something points into: the dynamic loader has some.
set(valgrind "${VALGRIND}" --quiet --vgdb=no --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
  --errors-for-leak-kinds=definite --num-callers=30 --log-fd=9
  "--suppressions=${PROJECT_SOURCE_DIR}/sanitize/valgrind.supp")
# Its version 3.19 does not know a clone that shares memory with the process but is no thread. (Of pidfds it has
# clone(2)'s and waitid(2)'s.)
set(environment "LD_PRELOAD=$<TARGET_FILE:grow_stack>" PIPE_SPAWN=fork)
set(PIPE_FORKS_ONLY ON)
set(PIPE_LAUNCHER "${CMAKE_COMMAND}" -E env ${environment} bash -c "exec \"$@\" ${report}" bash ${valgrind})

# arg[-1] names LuaJIT here; spec/host.lua has to be told of the script.
list(JOIN environment " " environment)
list(JOIN valgrind "' '" valgrind)
set(PIPE_START "export ${environment} PIPE_SPEC_LUAJIT=\"\$0\"\nexec '${valgrind}' PROGRAM \"\$@\" ${report}")

set(PIPE_EXCLUDED
  # A child that shares memory with its parent ends the parent, or becomes a fork.
  "*/SharedMemory*" "In/*/Pidfd" "In/*/Sigchld" "*.ReachesAParentThatWaitsInVfork/*"
  # Without pidfd_open(2) a tree is held by pids only, and without pidfd_send_signal(2) it is they that are signalled.
  "With/*/Pidfds" "*.OfProcIsTold/*" "*.GoesOnAndIsNotTakenForReapedWhereProcCannotBeRead/Pidfd"
  # A pidfd that comes from clone(2) beyond valgrind's own limit for descriptors ends the parent.
  "*.ThatRunOutAnywhereLeaveNothing/OwnMemory" "*.ThatRunOutAnywhereLeaveNothing/OwnMemoryWithoutCloseRange"
  # Nobody may lower the hard limit for descriptors.
  "*.SetsLimitsInTheirOrder/*" "*.GivesDescriptorsAboveTheChildsNewLimit/*" "*.IsALimitByItsIndex/*"
  # Signal 64 is valgrind's.
  "*.RefusesWhatIsNoSignal/*" "Signals.MayBeAnyThatDoNotEndTheProcessUnderOurHands"
  # Where rt_sigprocmask(2) or read(2) is refused, valgrind ends.
  "*.WritesNothingWhereSigpipeCannotBeBlocked" "*.ToBlockSignalsStopsIt/*" "*.ToHearOfTheChildIsNoSuccess/*"
  # A process that executes a script whose interpreter is missing ends, and cannot say so.
  "*.IsToldByTheReasonManyTimesOver/*"
  # A signal is seen in the next call that blocks, or much later: a process that forks all the time still does.
  "*.ReachesATreeThatForksAllTheTime/*"
  # What the stacks of other threads held, the library's included, is lost in a forked copy.
  "*/LuaStatesInThreads.MayBeForkedWithTheHost/*")

set(PIPE_UNHEARD
  # It is gone itself when the kernel refuses an execve(2) for a reason that it has not foreseen.
  "The option env that is too long fails the spawn"
  "foreman start ends what it has started when another process cannot be started"
  "A program that cannot be executed names an interpreter that is missing"
  "A program that cannot be executed gets an .* that is too long"
  # What limits descriptors, data and stack it keeps to itself.
  "The option rlimits knows nofile" "The option rlimits knows data" "The option rlimits knows stack"
  "The option rlimits sets several at once" "The option rlimits is what the shell.s ulimit tells"
  "The option rlimits does not touch the host.s own"
  "A child.s descriptors are no others, however high the host.s numbers are"
  # A pidfd beyond its own limit, again.
  "the host.s table is full up to its lowered limit" "a spawn that runs out of them fails, wherever it does"
  "has run out of descriptors"
  # Signals that come faster than it hands them on leave it no time for anything else.
  "signals: raining, without SA_RESTART, they disturb nothing"
  # Signal 64, again.
  "proc:kill sends a real%-time signal")
