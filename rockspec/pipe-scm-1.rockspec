package = "pipe"
version = "scm-1"
rockspec_format = "3.0"

-- `luarocks make` builds the folder it stands in and fetches nothing.
source = { url = "git+file://." }

description = {
  summary = "Child processes that never block, for plain LuaJIT",
  detailed = [[
The API of OpenResty's ngx.pipe, with light threads, semaphores and sleep, in any
LuaJIT script: many children at once, timeouts, and exact results, on Linux.
]],
  license = "MIT",
  labels = { "process", "subprocess", "luajit", "async" },
}

supported_platforms = { "linux" }
dependencies = { "lua == 5.1" }

build = {
  type = "cmake",
  variables = {
    BUILD_TESTING = "OFF",
    CMAKE_BUILD_TYPE = "RelWithDebInfo",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
  },
  copy_directories = { "docs", "examples" },
}
