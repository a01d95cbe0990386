#!/bin/sh
# Usage: start.sh NGINX PROGRAM [ARGUMENT...]
# Runs a Lua program of this folder inside NGINX, the binary of an OpenResty; metrics go to stdout. In the project's root.
set -eu

nginx=$1
export BENCH_PROGRAM="$2"
shift 2
BENCH_ARGUMENTS=$(printf '%s\n' "$@")
export BENCH_ARGUMENTS
unset LUA_PATH LUA_CPATH # OpenResty finds its own

# Where nginx writes what it insists on writing.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/logs"

status=0
"$nginx" -p "$folder/" -c "$PWD/bench/ngx/nginx.conf" 2>"$folder/stderr" || status=$?
[ "$status" = 0 ] || cat "$folder/stderr" >&2
exit "$status"
