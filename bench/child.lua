-- Where the children of the benchmark are.
local folder = assert(os.getenv("BENCH_CHILDREN"), "BENCH_CHILDREN is not set")

--- The path of a program that is named "child_…"; any other is left for PATH.
return function(program)
  return program:match("^child_") and folder .. "/" .. program or program
end
