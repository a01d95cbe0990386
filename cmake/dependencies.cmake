# Finds what pipe needs, and says which package has it where it is missing:
# PkgConfig::LIBUV, Threads::Threads, and LUAJIT, the interpreter that will load the library.

find_package(Threads REQUIRED)

find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing, which finds libuv.\n"
    "Install it: pkg-config on Debian, Ubuntu and openSUSE; pkgconf-pkg-config on Fedora; pkgconf on Arch and Alpine.")
endif()

pkg_check_modules(LIBUV IMPORTED_TARGET libuv>=1.44)
if(NOT LIBUV_FOUND)
  message(FATAL_ERROR "libuv 1.44 or later is missing, or its development files are.\n"
    "Install them: libuv1-dev on Debian and Ubuntu; libuv-devel on Fedora and openSUSE; libuv on Arch; "
    "libuv-dev on Alpine.")
endif()

# Some installations, OpenResty's among them, have no plain `luajit` but one that ends with its version.
file(TO_CMAKE_PATH "$ENV{PATH}" luajit_folders)
list(APPEND luajit_folders /usr/local/openresty/luajit/bin)
set(luajit_names luajit)
foreach(folder IN LISTS luajit_folders)
  file(GLOB versioned RELATIVE "${folder}" "${folder}/luajit-2.1*")
  list(APPEND luajit_names ${versioned})
endforeach()
find_program(LUAJIT NAMES ${luajit_names} HINTS ${luajit_folders} DOC "LuaJIT 2.1's interpreter")
if(NOT LUAJIT)
  message(FATAL_ERROR "LuaJIT 2.1 is missing.\n"
    "Install it: the package is called luajit on Debian, Ubuntu, Fedora, openSUSE, Arch and Alpine. "
    "If it is somewhere else: cmake -DLUAJIT=/path/to/luajit")
endif()

execute_process(COMMAND "${LUAJIT}" -v OUTPUT_VARIABLE luajit_version ERROR_VARIABLE luajit_version
  RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE)
if(NOT status EQUAL 0 OR NOT luajit_version MATCHES "^LuaJIT 2\\.[1-9]")
  message(FATAL_ERROR "${LUAJIT} is not LuaJIT 2.1 or later; it says: ${luajit_version}\n"
    "Name another: cmake -DLUAJIT=/path/to/luajit")
endif()
