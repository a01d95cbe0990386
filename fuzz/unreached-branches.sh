#!/bin/sh
# Usage: unreached-branches.sh REPLAY CORPUS LLVM_PROFDATA LLVM_COV SOURCE...
# Replays a corpus with a program that counts branches. Names each branch of the sources that it never takes, and fails
# if there is one.
set -eu

replay=$1 corpus=$2 profdata=$3 cov=$4
shift 4
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

LLVM_PROFILE_FILE=$folder/raw "$replay" "$corpus" >"$folder/inputs"
tail -n 1 "$folder/inputs"
"$profdata" merge "$folder/raw" -o "$folder/profile"
# Lines of "SF:file" and "BRDA:line,block,branch,times". Files by the end of their paths: a compiler cache may have
# changed the beginning. Times are "-" where the line is never run.
"$cov" export -format=lcov -instr-profile="$folder/profile" "$replay" | awk -F '[:,]' -v sources="$*" '
  BEGIN { count = split(sources, wanted, " ") }
  $1 == "SF" { file = ""; for (i in wanted) if (index($2 "\n", "/" wanted[i] "\n")) { file = wanted[i]; seen[file] = 1 } }
  $1 == "BRDA" && file != "" { ++all; if ($5 + 0 == 0) { ++missed; print file ":" $2 ": a branch that no input takes" } }
  END { print all - missed " of " all " branches reached"; exit missed > 0 || all == 0 || length(seen) < count }'
