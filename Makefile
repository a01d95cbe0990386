# The few commands a person types. The build itself is CMake's; `make help` lists what there is.
BUILD       ?= build
PREFIX      ?= /usr/local
JOBS        ?= $(shell nproc)
CMAKE_FLAGS ?=
CTEST_FLAGS ?=
# How long `make soak` works.
SOAK_CYCLES  ?= 100000
SOAK_SECONDS ?= 3600

build_packages := g++ make cmake pkg-config libuv1-dev luajit gzip
test_packages  := libgtest-dev libluajit-5.1-dev lua-busted perl bc procps strace openssh-server openssh-client \
                  lua-luv neovim lua-cqueues lua-copas lua-posix
lint_packages  := lua-check clang-format clang-tidy
bench_packages := lua-luv gnuplot-nox strace
fuzz_packages  := clang llvm libclang-rt-dev

sanitizers     := $(or $(ARGS),address thread valgrind collect)

configure = cmake -S . -B $(BUILD) $(CMAKE_FLAGS)
soak      = GLIBC_TUNABLES=glibc.malloc.tcache_count=0 LUA_PATH="lua/?.lua;;" LUA_CPATH="$(BUILD)/?.so;;" $(BUILD)/bin/luajit soak/run.lua
c_files   = csrc/*.h csrc/*.cc csrc/test/*.h csrc/test/*.c csrc/test/*.cc bench/c/*.[ch] bench/child/*.[ch] \
            faults/shim/*.h faults/shim/*.cc sanitize/*.c fuzz/*.h fuzz/*.c fuzz/*.cc

MAKEFLAGS += --no-print-directory

.PHONY: build help demo test sanitize check faults fuzz soak bench lint format install clean

build: ## build the library and the tests (the default)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS)

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 16

demo: ## install what is missing, build the library and run examples/quickstart.lua
	@scripts/install-packages.sh $(build_packages)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS) --target pipe_core
	LUA_PATH="lua/?.lua;;" LUA_CPATH="$(BUILD)/?.so;;" $(BUILD)/bin/luajit examples/quickstart.lua

test: ## install what is missing, build everything and run every test
	@scripts/install-packages.sh $(build_packages) $(test_packages)
	$(MAKE) build
	ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure --no-tests=error $(CTEST_FLAGS)

sanitize: ## run the tests under each sanitizer; ARGS="address collect" for these only
	@scripts/install-packages.sh $(build_packages) $(test_packages) $(filter valgrind,$(sanitizers))
	set -e; for name in $(sanitizers); do $(MAKE) test BUILD=build-$$name \
	  CMAKE_FLAGS="$(CMAKE_FLAGS) -DPIPE_SANITIZE=$$name -DCMAKE_BUILD_TYPE=Debug"; done

check: ## everything that a change must stand, in some hours: test, lint, sanitize, faults, fuzz
	$(MAKE) test
	$(MAKE) lint
	$(MAKE) sanitize
	$(MAKE) faults
	$(MAKE) fuzz

faults: ## make every call of the library fail, one after the other; ARGS="--quick" for some of them
	@scripts/install-packages.sh $(build_packages)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS) --target faults
	LUA_PATH="?.lua;lua/?.lua;;" LUA_CPATH="$(BUILD)/?.so;;" \
	  $(BUILD)/bin/luajit faults/run.lua --build $(BUILD) --jobs $(JOBS) $(ARGS)

soak: ## install what is missing and run the soak, 70 minutes; SOAK_SECONDS=600 SOAK_CYCLES=10000 for less
	@scripts/install-packages.sh $(build_packages) $(test_packages)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS) --target pipe_core
	$(soak) cycles count=$(SOAK_CYCLES)
	PIPE_REAPER=sigchld $(soak) cycles count=$$(($(SOAK_CYCLES) / 10))
	$(soak) mix seconds=$(SOAK_SECONDS)
	PIPE_REAPER=sigchld $(soak) mix seconds=$$(($(SOAK_SECONDS) / 10))

bench: ## install what is missing and measure everything; ARGS="spawn lines" for these workloads only
	@scripts/install-packages.sh $(build_packages) $(bench_packages)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS) --target pipe_core bench
	$(BUILD)/bin/luajit bench/run.lua --build $(BUILD) $(ARGS)

FUZZ_SECONDS ?= 600
fuzz: ## install what is missing and fuzz framing, reader and C interface, ten minutes each; FUZZ_SECONDS=60 for one
	@scripts/install-packages.sh $(build_packages) $(fuzz_packages)
	cmake -S . -B $(BUILD)-fuzz -DPIPE_FUZZ=ON -DPIPE_FUZZ_SECONDS=$(FUZZ_SECONDS) \
	  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ $(CMAKE_FLAGS)
	cmake --build $(BUILD)-fuzz -j $(JOBS)
	ctest --test-dir $(BUILD)-fuzz -j 16 --verbose --no-tests=error

lint: ## install what is missing and check the style of Lua, C and C++
	@scripts/install-packages.sh $(build_packages) $(test_packages) $(lint_packages)
	$(configure)
	luacheck --quiet --no-color . .busted .luacheckrc rockspec/pipe-scm-1.rockspec
	clang-format --dry-run -Werror $(c_files)
	printf '%s\n' csrc/*.cc | xargs -P $(JOBS) -n 1 clang-tidy --quiet -p $(BUILD)

format: ## let clang-format rewrite the C and C++ files
	clang-format -i $(c_files)

install: ## build the library and install it below PREFIX (/usr/local)
	$(configure)
	cmake --build $(BUILD) -j $(JOBS) --target pipe_core
	cmake --install $(BUILD) --prefix $(PREFIX)

clean: ## remove every build folder
	rm -rf build build-* build.luarocks
