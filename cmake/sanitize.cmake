# Makes build/bin/luajit, the interpreter of the specs: a link to LUAJIT, or, with PIPE_SANITIZE, a script that starts it
# with what watches over it in place; where the library is instrumented there is such an nvim, too. The tests put
# build/bin first in PATH, so that a spec that starts a second `luajit` gets the same one.
#
# What each PIPE_SANITIZE is, sanitize/NAME.cmake says. It sets PIPE_START, the script, in which PROGRAM stands for the
# interpreter; and of those that tests.cmake heeds what it needs:
#   PIPE_ENVIRONMENT   variables for all tests
#   PIPE_LAUNCHER      what starts a GoogleTest
#   PIPE_EXCLUDED      tests that cannot run like this, by name, with wildcards: each with its reason
#   PIPE_UNHEARD       the same for sentences of the specs, as Lua patterns without an apostrophe
#   PIPE_FORKS_ONLY    where no other way to spawn would work
#   PIPE_SPECS_ONLY    where C++ would run as ever

set(PIPE_LUAJIT "${PROJECT_BINARY_DIR}/bin/luajit")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
file(REMOVE "${PIPE_LUAJIT}")
if(NOT PIPE_SANITIZE)
  file(CREATE_LINK "${LUAJIT}" "${PIPE_LUAJIT}" SYMBOLIC)
  return()
endif()

# bash, for `exec -a "$0"`: arg[-1] then names this script.
function(make_program name program)
  string(REPLACE PROGRAM "'${program}'" script "${PIPE_START}")
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/bin/${name}" CONTENT "#!/bin/bash\n${script}\n"
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endfunction()

# A library that is preloaded together with a sanitizer, which must not be in it.
function(add_preloaded name)
  add_library(${name} SHARED sanitize/${name}.c)
  target_compile_options(${name} PRIVATE -fno-sanitize=all)
  target_link_options(${name} PRIVATE -fno-sanitize=all)
endfunction()

# Builds what follows with a sanitizer of the compiler. LuaJIT is not instrumented, so the runtime must be there before
# anything allocates. libstdc++ comes along because AddressSanitizer looks for its __cxa_throw at start, and aborts at
# the first exception if it was not there.
macro(build_with_sanitizer runtime)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "PIPE_SANITIZE=${PIPE_SANITIZE} works with g++ only: "
      "clang links its runtime into programs, never into libraries.")
  endif()
  add_compile_options(${ARGN} -fno-omit-frame-pointer -UNDEBUG)
  add_link_options(${ARGN})
  # Programs such as perl break under a sanitizer that they were not built for. This library takes LD_PRELOAD out of
  # the environment once the loader has read it, so that no child inherits it.
  add_preloaded(forget_preload)
  foreach(library ${runtime} stdc++)
    execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=lib${library}.so
      OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(APPEND preload "${path}:")
  endforeach()
  set(PIPE_START "export LD_PRELOAD='${preload}$<TARGET_FILE:forget_preload>'\nexec -a \"\$0\" PROGRAM \"\$@\"")
  find_program(NVIM nvim DOC "Neovim, the other program in which specs load the library")
endmacro()

string(REGEX REPLACE "^ON$" "address" name "${PIPE_SANITIZE}")
include("${PROJECT_SOURCE_DIR}/sanitize/${name}.cmake")
make_program(luajit "${LUAJIT}")
if(NVIM)
  make_program(nvim "${NVIM}")
endif()
