# LuaJIT's collector at its most aggressive: collect.lua. With traces that are compiled as early as can be, because what
# they keep alive is another matter than what the interpreter does; and without any. The C++ code is as ever.

set(PIPE_SPECS_ONLY ON)
set(PIPE_START "exec -a \"\$0\" PROGRAM \${PIPE_JIT:--Ohotloop=1,hotexit=1} \\
  -e 'dofile \"${PROJECT_SOURCE_DIR}/sanitize/collect.lua\"' \"\$@\"")
