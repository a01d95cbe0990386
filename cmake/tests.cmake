# What ctest runs: every GoogleTest, every spec with each reaper, the ABI from C, what fuzzers have found, and the
# example. With PIPE_SANITIZE all of it is watched, as sanitize.cmake tells.

# A tool that is missing stops nobody from building the library, but the tests cannot pass without it.
function(report_missing what package elsewhere)
  message(NOTICE "${what} is missing: its tests will fail. "
    "Install it (${package} on Debian and Ubuntu; ${elsewhere}) and run cmake again.")
  add_test(NAME "needs ${what} (${package})" COMMAND "${CMAKE_COMMAND}" -E false)
endfunction()

set(test_timeout 300) # seconds: a hang is a failure
if(PIPE_SANITIZE)
  set(test_timeout 1800)
endif()

find_package(GTest QUIET)
file(GLOB core_tests CONFIGURE_DEPENDS csrc/test/*_test.cc)
pkg_check_modules(LIBLUAJIT QUIET IMPORTED_TARGET luajit)
if(NOT LIBLUAJIT_FOUND)
  list(FILTER core_tests EXCLUDE REGEX /lua_states_test)
  report_missing("LuaJIT's library" libluajit-5.1-dev
    "luajit-devel on Fedora and openSUSE, luajit on Arch, luajit-dev on Alpine")
endif()
list(JOIN PIPE_EXCLUDED ":" excluded)
if(GTest_FOUND AND NOT PIPE_SPECS_ONLY)
  include(GoogleTest)
  foreach(source IN LISTS core_tests)
    get_filename_component(name "${source}" NAME_WE)
    add_executable(${name} "${source}")
    target_link_libraries(${name} PRIVATE pipe_objects GTest::gtest_main)
    if(PIPE_LAUNCHER) # which takes long to start: one for all tests of a file
      add_test(NAME ${name} COMMAND ${PIPE_LAUNCHER} $<TARGET_FILE:${name}> "--gtest_filter=-${excluded}")
      set_tests_properties(${name} PROPERTIES TIMEOUT ${test_timeout})
    else()
      gtest_discover_tests(${name} TEST_PREFIX "${name}/" TEST_FILTER "-${excluded}" DISCOVERY_TIMEOUT 60
        PROPERTIES TIMEOUT ${test_timeout} ENVIRONMENT "${PIPE_ENVIRONMENT}")
    endif()
  endforeach()
  if(TARGET lua_states_test) # loads the library from Lua
    add_dependencies(lua_states_test pipe_core)
    target_link_libraries(lua_states_test PRIVATE PkgConfig::LIBLUAJIT)
    target_compile_definitions(lua_states_test PRIVATE
      LUA_FILES="${PROJECT_SOURCE_DIR}/lua" LIBRARIES="${PROJECT_BINARY_DIR}"
      LIVES="${PROJECT_SOURCE_DIR}/csrc/test/lua_states.lua")
  endif()
elseif(NOT GTest_FOUND)
  report_missing(GoogleTest libgtest-dev "gtest-devel on Fedora and openSUSE, gtest on Arch, gtest-dev on Alpine")
endif()

# Runs a test from the source folder, with our Lua files, library and interpreter, and no choice of the user's shell.
function(add_lua_test name)
  add_test(NAME "${name}" COMMAND ${ARGN} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties("${name}" PROPERTIES
    TIMEOUT ${test_timeout}
    ENVIRONMENT "LUA_PATH=${PROJECT_SOURCE_DIR}/lua/?.lua\;\;;LUA_CPATH=${PROJECT_BINARY_DIR}/?.so\;\;"
    ENVIRONMENT_MODIFICATION
      "PATH=path_list_prepend:${PROJECT_BINARY_DIR}/bin;PIPE_REAPER=unset:;PIPE_SPAWN=unset:")
endfunction()

find_program(BUSTED busted DOC "the runner of the specs")
file(GLOB specs CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" spec/*_spec.lua)
# busted starts LuaJIT by a shell command that it does not quote, hence the inner quotes.
set(busted "${BUSTED}" "--lua='${PIPE_LUAJIT}'" "--cpath='${PROJECT_BINARY_DIR}/?.so'")
foreach(sentence IN LISTS PIPE_UNHEARD)
  list(APPEND busted "--filter-out='${sentence}'")
endforeach()
string(JOIN "|" about_spawning spawn child threads process cwd env stdio not_a_pipe fds pipe_size detached credentials
  rlimits nice umask affinity death pty signal_child)
if(BUSTED)
  foreach(spec IN LISTS specs)
    string(REGEX REPLACE "^spec/(.*)_spec\\.lua$" "spec.\\1" name "${spec}")
    add_lua_test(${name} ${busted} ${spec})
    add_lua_test(${name}.sigchld "${CMAKE_COMMAND}" -E env PIPE_REAPER=sigchld ${busted} ${spec})
    if(PIPE_SPECS_ONLY)
      add_lua_test(${name}.interpreted "${CMAKE_COMMAND}" -E env PIPE_JIT=-joff ${busted} ${spec})
    elseif(NOT PIPE_FORKS_ONLY AND name MATCHES "^spec\\.(${about_spawning})")
      add_lua_test(${name}.fork "${CMAKE_COMMAND}" -E env PIPE_SPAWN=fork ${busted} ${spec})
    endif()
  endforeach()
else()
  report_missing(busted lua-busted "elsewhere: luarocks install busted")
endif()

if(NOT PIPE_SPECS_ONLY)
  add_executable(abi_test csrc/test/abi_test.c csrc/test/abi_misuse.c)
  target_include_directories(abi_test PRIVATE csrc)
  target_link_libraries(abi_test PRIVATE pipe_core)
  add_test(NAME abi_test COMMAND ${PIPE_LAUNCHER} $<TARGET_FILE:abi_test>)
  set_tests_properties(abi_test PROPERTIES TIMEOUT ${test_timeout} ENVIRONMENT "${PIPE_ENVIRONMENT}")
endif()

if(PIPE_SANITIZE MATCHES "^(OFF|ON|address)$") # the fuzzers have one thread
  include(cmake/fuzz_targets.cmake)
  foreach(target IN LISTS fuzz_targets)
    add_fuzz_executable(${target}_replay ${target} fuzz/replay.cc)
    target_link_libraries(${target}_replay PRIVATE pipe_objects)
    add_test(NAME replay.${target} COMMAND ${target}_replay fuzz/corpus/${target}
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(replay.${target} PROPERTIES TIMEOUT ${test_timeout})
  endforeach()
endif()

add_lua_test(quickstart "${PIPE_LUAJIT}" examples/quickstart.lua)

# A little of what `make soak` does for an hour, so that it stays right: by number, not by time.
function(add_soak_tests suffix)
  set(soak "${CMAKE_COMMAND}" -E env GLIBC_TUNABLES=glibc.malloc.tcache_count=0 ${ARGN} "${PIPE_LUAJIT}" soak/run.lua)
  add_lua_test(soak.cycles${suffix} ${soak} cycles count=200)
  add_lua_test(soak.mix${suffix} ${soak} mix seconds=0 batch=80 count=240)
endfunction()
add_soak_tests("")
add_soak_tests(.sigchld PIPE_REAPER=sigchld)
if(NOT PIPE_FORKS_ONLY)
  add_soak_tests(.fork PIPE_SPAWN=fork)
endif()
