#!/bin/sh
# Usage: install-packages.sh PACKAGE...   (by their Debian names, from the table below)
# Installs through apt what is missing. Where that is impossible, says what to install, and fails.
set -eu

# Columns: Debian's name; what must be there; the names on Fedora, Arch and Alpine ("-": not packaged).
packages() {
  cat <<'TABLE'
g++          command:g++            gcc-c++              gcc         g++
make         command:make           make                 make        make
cmake        command:cmake          cmake                cmake       cmake
pkg-config   command:pkg-config     pkgconf-pkg-config   pkgconf     pkgconf
libuv1-dev   module:libuv           libuv-devel          libuv       libuv-dev
luajit       command:luajit         luajit               luajit      luajit
gzip         command:gzip           gzip                 gzip        gzip
libgtest-dev module:gtest_main      gtest-devel          gtest       gtest-dev
libluajit-5.1-dev module:luajit luajit-devel         luajit      luajit-dev
lua-busted   command:busted         -                    -           lua5.1-busted
perl         command:perl           perl                 perl        perl
bc           command:bc             bc                   bc          bc
procps       command:ps             procps-ng            procps-ng   procps
strace       command:strace         strace               strace      strace
openssh-server command:sshd         openssh-server       openssh     openssh-server
openssh-client command:ssh-keygen   openssh-clients      openssh     openssh-keygen
lua-luv      lua:luv                lua5.1-luv           lua51-luv   lua5.1-luv
neovim       command:nvim           neovim               neovim      neovim
lua-cqueues  lua:cqueues            -                    -           lua5.1-cqueues
lua-copas    lua:copas              -                    -           -
lua-posix    lua:posix              -                    lua51-posix lua5.1-posix
valgrind     command:valgrind       valgrind             valgrind    valgrind
gnuplot-nox  command:gnuplot        gnuplot-minimal      gnuplot     gnuplot
lua-check    command:luacheck       -                    luacheck    luacheck
clang-format command:clang-format   clang-tools-extra    clang       clang-extra-tools
clang-tidy   command:clang-tidy     clang-tools-extra    clang       clang-extra-tools
clang        command:clang++        clang                clang       clang
llvm         command:llvm-cov       llvm                 llvm        llvm
libclang-rt-dev fuzzer              compiler-rt          compiler-rt compiler-rt
TABLE
}

row() {
  packages | grep "^$1 " || { echo "$0: $1 is not in the table" >&2; exit 2; }
}

is_there() {
  case $1 in
    command:*) PATH=$PATH:/usr/sbin:/sbin command -v "${1#command:}" >/dev/null ;;
    fuzzer) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
      clang -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null ;;
    lua:*) luajit -e "require '${1#lua:}'" 2>/dev/null ;;
    module:*) pkg-config --exists "${1#module:}" 2>/dev/null ;;
  esac
}

missing=
for package in "$@"; do
  found=$(row "$package")
  # shellcheck disable=SC2086 # the row is its words
  set -- $found
  is_there "$2" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi
if ! command -v apt-get >/dev/null || ! command -v "${as_root:-env}" >/dev/null; then
  echo "These are missing, and cannot be installed from here (no apt-get, or neither root nor sudo):" >&2
  {
    echo "Debian - Fedora Arch Alpine"
    for package in $missing; do row "$package"; done
  } | while read -r debian _ fedora arch alpine; do
    printf '  %-14s %-20s %-12s %s\n' "$debian" "$fedora" "$arch" "$alpine"
  done >&2
  echo "Where there is no package: luarocks install, with busted, luacheck, cqueues, copas or luaposix." >&2
  exit 1
fi

apt() {
  # shellcheck disable=SC2086 # no word when it is empty
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}

echo "Installing$missing"
# shellcheck disable=SC2086 # one word a package
set -- install --yes --no-install-recommends $missing
# The lists may be absent (a new container), or so old that the servers no longer have what they name.
apt --simulate "$@" >/dev/null 2>&1 && apt "$@" || { apt update && apt "$@"; }

# Debian starts a server that is installed. The tests need only the program, and start one of their own.
case $missing in
  *openssh-server*)
    ! command -v systemctl >/dev/null || $as_root systemctl disable --now ssh ssh.socket >/dev/null 2>&1 || :
    ;;
esac
