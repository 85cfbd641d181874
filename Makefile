# Build, test and check podidentity. `make help` lists what you can ask for.
#
# CC, CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS from outside come after ours; `make WERROR=` lets a
# compiler newer than ours warn. One part only: make LAYERS="base net" BUILD=build/part unit TEST="map heap"

NAME    := podidentity
LAYERS  := base config net kube aws crds informers reconcilers controller cli
VARIANT ?= release
BUILD   ?= build/$(VARIANT)
WERROR  ?= -Werror
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)
# Tests to build and run: patterns for the <module> in test_<module>.c.
TEST    ?= *
# A test that waits for ever ends here; the slowest takes seconds, under valgrind minutes.
TEST_SECONDS ?= 900
# How long `make fuzz` feeds each of its targets.
FUZZ_SECONDS ?= 20
# make V=1 shows whole commands.
V       ?=

PACKAGES := libuv libcurl libmicrohttpd openssl jansson yaml-0.1 expat

# The OpenSSF's list for C (its compiler hardening guide of July 2026). Compilers differ in what
# they know of it: each flag is tried once, and the answer kept in build/.
# Left out: -z nodlopen (for libraries) and -fhardened (what it bundles is named here). clang's
# string-conversion would forbid assert(!"why this cannot be").
WARNINGS  := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
    -Wno-string-conversion -Wformat=2 -Wimplicit-fallthrough -Wtrampolines -Wbidi-chars=any -Werror=format-security \
    -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion
HARDENING := -fstack-clash-protection -fstack-protector-strong -fcf-protection=full \
    -mbranch-protection=standard -fstrict-flex-arrays=3 -fzero-init-padding-bits=all \
    -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow \
    -fno-strict-aliasing -fexceptions
LINKING   := -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--as-needed \
    -Wl,--no-copy-dt-needed-entries

# Fortify, zeroed locals and wrapping overflow would hide from the sanitizers and from valgrind
# what they are there to see.
FLAGS_release  := -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE
FLAGS_sanitize := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_memcheck := -O1
FLAGS_fuzz     := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer
LINK_release   := -pie

# The goals people ask for install what is missing first, then call make for the files. Only then
# is there a compiler to ask.
DESK := demo test bench sanitize memcheck fuzz lint layers format vectors deps clean help
ifneq ($(filter-out $(DESK),$(or $(MAKECMDGOALS),all)),)
ANSWERS := build/answers$(subst /,-,$(addprefix -,$(CC))).mk
include $(ANSWERS)
endif

HARDENING_release := $(HARDENING_ACCEPTED)
FLAGS := -std=c17 -g $(WARNINGS_ACCEPTED) $(WERROR) $(FLAGS_$(VARIANT)) \
    $(HARDENING_$(VARIANT)) -I. -D_GNU_SOURCE $(PACKAGES_CFLAGS)
SAY     = $(if $(V),,@echo '  $(1)' $@;)
COMPILE = $(call SAY,CC)$(CC) $(FLAGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)
LINK    = $(call SAY,LD)$(CC) $(FLAGS) $(LINK_$(VARIANT)) $(LINKING_ACCEPTED) $(CFLAGS) $(LDFLAGS)

SOURCES := $(filter-out cli/main.c,$(wildcard $(addsuffix /*.c,$(LAYERS))))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
FAKES   := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/property/test_%,\
    $(wildcard tests/fake/*.c tests/property/*.c)))
LIBRARY := $(BUILD)/lib$(NAME).a
PROGRAM := $(if $(wildcard cli/main.c),$(BUILD)/bin/$(NAME))
TESTS   := $(patsubst %.c,$(BUILD)/%,$(wildcard \
    $(foreach folder,torture property unit,$(addprefix tests/$(folder)/test_,$(TEST:=.c)))))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
LAYOUT  := $(wildcard $(addsuffix /*.[ch],$(LAYERS) tests/unit tests/torture tests/property tests/fake tests/fuzz))

# A make that another one started has its share of the outer one's jobs.
ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory
# Tests wait more than they work, so eight files run at a time, each with servers of its own, in the
# order of tests/conftest.py; on a cluster of the user's there can be one controller only.
PYTEST_JOBS ?= $(if $(KUBECONFIG),0,8)
PYTEST = PODIDENTITY_VARIANT=$(VARIANT) "$$(tests/python.sh)" -m pytest -n $(PYTEST_JOBS) $(PYTEST_FLAGS) \
    --dist loadfile --no-loadscope-reorder tests

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all tests unit beside endtoend fuzzed tidy $(DESK)

all: $(LIBRARY) $(PROGRAM) ## build the program: build/release/bin/podidentity
tests: $(TESTS)
$(TESTS): | $(FAKES)
# The longest first, one for each core; what a test says is shown when it ends.
unit: $(TESTS) ## build and run the unit and torture tests (TEST=map: of one module)
	@printf '%s\n' $(TESTS) | xargs -P $(JOBS) -n 1 sh -c ' \
	    said=$$(timeout --foreground -k 5 $(TEST_SECONDS) $(RUN) "$$0" 2>&1); ended=$$?; \
	    { printf "== %s\n%s\n" "$$0" "$$said"; \
	      [ $$ended -eq 0 ] || echo "FAILED: $$0 (exit status $$ended)"; } | flock $(BUILD) cat; \
	    exit $$ended'

demo: ## start a cluster and an AWS stand-in, and show the controller at work
	@tests/deps.sh
	@$(MAKE) all
	@tests/cluster/build.sh >/dev/null
	@"$$(tests/python.sh)" -m tests.demo.demo
test: ## install what is missing, build, run all tests
	@tests/deps.sh
	@$(MAKE) vectors
	@$(MAKE) all tests
	@tests/cluster/build.sh >/dev/null
	@$(MAKE) -k -j2 beside endtoend; ended=$$?; cat $(BUILD)/unit.log; exit $$ended
# End-to-end tests wait much: the others work in that time, and say what they have to say after them.
beside:
	@nice $(MAKE) unit >$(BUILD)/unit.log 2>&1
endtoend:
	@$(PYTEST)
bench: ## print the figures of docs/figures.md (BENCH=crowd5000: of 5,000 bindings, all under a budget)
	@tests/deps.sh
	@$(MAKE) all
	@tests/cluster/build.sh >/dev/null
	@"$$(tests/python.sh)" -m tests.bench.bench
sanitize: ## all tests under the address and undefined-behaviour sanitizers
	@$(MAKE) VARIANT=sanitize test
# valgrind is some forty times slower: a sample of the random documents has to do.
memcheck: ## the unit and torture tests under valgrind
	@tests/deps.sh memcheck
	@$(MAKE) vectors
	@$(MAKE) VARIANT=memcheck unit \
	    RUN="env PROPERTY_DOCUMENTS=500 TORTURE_EVERY=29 valgrind --quiet --leak-check=full --error-exitcode=1"
fuzz: ## feed whatever reads bytes from outside for FUZZ_SECONDS each (20)
	@tests/deps.sh fuzz
	@$(MAKE) CC=clang VARIANT=fuzz fuzzed
fuzzed: $(FUZZERS)
	@sh tests/fuzz/run.sh $(BUILD) $(FUZZ_SECONDS) $(FUZZERS)
lint: layers ## ask clang-tidy, cppcheck, clang-format and clang for findings
	@tests/deps.sh lint
	@$(MAKE) tidy
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppressions-list=tests/cppcheck.txt --error-exitcode=1 -j $(JOBS) -I. $(LAYERS)
	@clang-format --dry-run -Werror $(LAYOUT)
	@$(MAKE) CC=clang BUILD=build/clang all tests
layers: ## show includes that point the wrong way
	@sh tests/layers.sh $(LAYERS)
format: ## rewrite every source file in the house layout
	@clang-format -i $(LAYOUT)
vectors: ## fetch AWS's published signature vectors, which test_sigv4 reads, into the cache
	@"$$(tests/python.sh)" tests/data/aws/fetch_vectors.py
deps: ## install the Debian packages that building and testing need
	@tests/deps.sh
clean: ## remove everything that was built
	rm -rf build
help: ## show this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

# One file at a time: in the second, clang-tidy 14 takes every va_list for unset. It says how many
# warnings it hid; anything else it says is a finding.
tidy:
	@printf '%s\n' $(SOURCES) $(wildcard cli/main.c) | xargs -P $(JOBS) -n 1 sh -c \
	    'clang-tidy --quiet "$$@" -- -std=c17 -I. -D_GNU_SOURCE $(PACKAGES_CFLAGS) 2>&1 | \
	    { ! grep -vE "^[0-9]+ warnings? generated\.$$"; }' tidy

$(BUILD)/bin/$(NAME): $(BUILD)/cli/main.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $^ $(PACKAGES_LIBS) $(LDLIBS) -o $@
$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(call SAY,AR)$(AR) rcs $@ $^
$(BUILD)/libfake.a: $(FAKES)
	@rm -f $@
	$(call SAY,AR)$(AR) rcs $@ $^
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libfake.a $(LIBRARY)
	$(LINK) $^ -lcmocka $(PACKAGES_LIBS) $(LDLIBS) -o $@
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIBRARY)
	$(LINK) -fsanitize=fuzzer $^ $(PACKAGES_LIBS) $(LDLIBS) -o $@
$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

# The compiler does not tell what the assembler reads.
$(BUILD)/reconcilers/wellknown_files.o: $(wildcard reconcilers/policies/*.json)

$(ANSWERS): Makefile
	@command -v $(firstword $(CC)) >/dev/null && pkg-config --exists $(PACKAGES) || \
	    { echo 'make: no compiler, or a library is missing: run "make deps"' >&2; exit 1; }
	@mkdir -p $(@D)
	@accepted() { \
	    for flag in "$$@"; do \
	        echo 'int main(void) { return 0; }' | $(CC) -Wall -Werror "$$flag" -x c - -o $@.try 2>/dev/null && \
	            printf ' %s' "$$flag"; \
	    done; echo; \
	}; \
	{ \
	    echo "WARNINGS_ACCEPTED :=$$(accepted $(WARNINGS))"; \
	    echo "HARDENING_ACCEPTED :=$$(accepted $(HARDENING))"; \
	    echo "LINKING_ACCEPTED :=$$(accepted $(LINKING))"; \
	    echo "PACKAGES_CFLAGS := $$(pkg-config --cflags $(PACKAGES))"; \
	    echo "PACKAGES_LIBS := $$(pkg-config --libs $(PACKAGES))"; \
	} >$@.part
	@mv $@.part $@ && rm -f $@.try

-include $(OBJECTS:.o=.d) $(FAKES:.o=.d) $(TESTS:=.d) $(FUZZERS:=.d) $(BUILD)/cli/main.d
