# SPDX-License-Identifier: MIT OR Apache-2.0
# The host side: libkernel_host.a (the kernel's rooms on kernel/arch/host), libraries, unit tests, and tools.

HOST_ROOMS := core mm cap object ring
HOST_KERNEL_SOURCES := $(call sources,$(HOST_ROOMS:%=kernel/%) kernel/arch/host)
HOST_KERNEL_SOURCES := $(filter %.c,$(filter-out %.S,$(HOST_KERNEL_SOURCES))) $(wildcard kernel/arch/host/*.S)
HOST_KERNEL := $(OUT)/host/libkernel_host.a

FLAGS_host = $(HOST_CFLAGS) $(KERNEL_INCLUDES) -Ikernel/arch/host/include -Itests/include $(call includes-of,host)
$(eval $(call compile-rules,host,$$(FLAGS_host)))
$(call libraries,host,host,$$(HOST_CFLAGS))
$(eval $(call archive-rule,$(HOST_KERNEL),$(HOST_KERNEL_SOURCES:%=$(OUT)/host/%.o)))
# One process boots the kernel many times, so its variables are in sections of their own (kernel/arch/host/memory.c).
$(patsubst %,$(OUT)/host/%.o,$(filter-out kernel/arch/%,$(HOST_KERNEL_SOURCES))): private EXTRA_CFLAGS += \
	-include kernel/arch/host/include/archimpl/sections.h

# The methods that the kernel's fuzzer calls are the schema's.
$(OUT)/host/tests/host/methods.c.o $(OUT)/fuzz/tests/host/methods.c.o: private EXTRA_CFLAGS += --embed-dir=$(OUT)/gen
$(OUT)/host/tests/host/methods.c.o $(OUT)/fuzz/tests/host/methods.c.o: $(OUT)/gen/registry.bin

# `make bench-contention` (mk/bench.mk) instruments the kernel alone: not the machine that runs it, nor what drives that.
$(patsubst %,$(OUT)/host/%.o,$(filter-out kernel/arch/%,$(HOST_KERNEL_SOURCES))): private EXTRA_CFLAGS += $(KERNEL_ON_HOST_CFLAGS)

# Tests: kernel/ROOM/tests/X_test.c -> out/host/tests/kernel_ROOM_X and the like.
HOST_TEST_SOURCES := $(wildcard lib/*/tests/*_test.c kernel/*/tests/*_test.c kernel/arch/*/tests/*_test.c \
	tools/*/tests/*_test.c abi/tests/*_test.c tests/host/*_test.c)
HOST_TESTS :=
define host-test
$(eval exe := $(OUT)/host/tests/$(subst /,_,$(subst /tests/,/,$(1:%_test.c=%))))
$(eval HOST_TESTS += $(exe))
$(eval $(exe): $(OUT)/host/$(1).o $(patsubst %,$(OUT)/host/%.o,$(filter-out %_test.c %_fuzz.c,$(wildcard $(dir $(1))*.c))) \
	$(if $(filter kernel/% tests/host/%,$(1)),$(HOST_KERNEL)) $(ARCHIVES_host)
	$$(call say,LINK,$$@)mkdir -p $$(@D); $$(CLANG) $$(HOST_LDFLAGS) $$(filter %.o,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -o $$@)
endef
$(foreach t,$(HOST_TEST_SOURCES),$(call host-test,$(t)))
# The runner takes the list, not the directory, which may hold programs whose source is gone.
$(call list-file,$(OUT)/host/tests.list,$(HOST_TESTS))

.PHONY: host-tests
host-tests: $(HOST_TESTS)  ## build the host unit tests without running them

# Fuzzers: */tests/*_fuzz.c and tests/*/*_fuzz.c define LLVMFuzzerTestOneInput; libraries and host kernel are built
# once more with coverage.  A directory NAME_corpus beside the source holds seeds.
FUZZ_SOURCES := $(wildcard lib/*/tests/*_fuzz.c kernel/*/tests/*_fuzz.c kernel/arch/*/tests/*_fuzz.c tests/*/*_fuzz.c tools/*/tests/*_fuzz.c)
FUZZERS := $(foreach f,$(FUZZ_SOURCES),$(OUT)/fuzz/bin/$(notdir $(f:_fuzz.c=)))
ifneq ($(FUZZ_SOURCES),)
FLAGS_fuzz = $(FLAGS_host) -O2 -fsanitize=fuzzer-no-link
# The stock reader, for the fuzzer that compares with it: libcapnp is C++. Without coverage: it is what is compared with.
$(OUT)/fuzz/bin/capnp: $(OUT)/fuzz/tests/fuzz/oracle.cc.o
$(OUT)/fuzz/bin/capnp: private EXTRA_LDLIBS := -lcapnp -lkj -lstdc++ -lm
$(OUT)/fuzz/%.cc.o: %.cc mk/flags.mk
	$(call say,CXX,$@)mkdir -p $(@D); \
	$(CLANGXX) -std=c++17 -g -O2 -Wall -Wextra -Werror -fsanitize=address -MMD -MP -c $< -o $@
$(eval $(call compile-rules,fuzz,$$(FLAGS_fuzz)))
$(call libraries,fuzz,host,$$(HOST_CFLAGS) -fsanitize=fuzzer-no-link)
$(eval $(call archive-rule,$(OUT)/fuzz/libkernel_host.a,$(HOST_KERNEL_SOURCES:%=$(OUT)/fuzz/%.o)))
# No comparisons are traced in the kernel: its inputs are made of choices, and tracing takes most of the time. The simulated machine
# and the harness are not what is explored.
$(patsubst %,$(OUT)/fuzz/%.o,$(filter-out kernel/arch/%,$(HOST_KERNEL_SOURCES))): private EXTRA_CFLAGS += \
	-include kernel/arch/host/include/archimpl/sections.h -fno-sanitize-coverage=trace-cmp
$(patsubst %,$(OUT)/fuzz/%.o,$(filter kernel/arch/%.c,$(HOST_KERNEL_SOURCES)) $(filter-out %_test.c,$(wildcard tests/host/*.c))): \
	private EXTRA_CFLAGS += -fno-sanitize=fuzzer-no-link
define fuzzer
$(eval $(OUT)/fuzz/bin/$(notdir $(1:_fuzz.c=)): $(OUT)/fuzz/$(1).o \
	$(if $(filter tests/host/%,$(1)),$(patsubst %,$(OUT)/fuzz/%.o,$(filter-out %_test.c %_fuzz.c,$(wildcard tests/host/*.c)))) \
	$(if $(filter kernel/% tests/host/%,$(1)),$(OUT)/fuzz/libkernel_host.a) $(ARCHIVES_fuzz)
	$$(call say,LINK,$$@)mkdir -p $$(@D); $$(CLANG) $$(HOST_LDFLAGS) -fsanitize=fuzzer $$(filter %.o,$$^) \
	 -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(EXTRA_LDLIBS) -o $$@)
endef
$(foreach f,$(FUZZ_SOURCES),$(call fuzzer,$(f)))
endif
$(call list-file,$(OUT)/fuzz/list,$(FUZZERS))

.PHONY: fuzzers
fuzzers: $(FUZZERS)  ## build the fuzzers

# Tools.  capnpc-capos must not need generated headers, so tools wait for them only if they name the library schema.
TOOL_DIRS := $(patsubst %/,%,$(sort $(dir $(wildcard tools/*/*.c))))
TOOLS := $(TOOL_DIRS:tools/%=$(OUT)/tools/%)
TOOL_LIBS := $(sort $(foreach t,$(TOOL_DIRS),$(call words-of,$(t)/libs)))
TOOL_INCLUDES := $(call includes-of,host)

$(OUT)/tools-obj/%.c.o: %.c mk/flags.mk
	$(call say,HOSTCC,$@)mkdir -p $(@D); \
	$(CLANG) $(TOOL_CFLAGS) $(TOOL_INCLUDES) $(WARNINGS) $(EXTRA_CFLAGS) -MMD -MP -MJ $@.json -c $< -o $@
$(OUT)/tools-obj/gen/%.c.o: $(OUT)/gen/%.c mk/flags.mk | $(GENERATED_HEADERS)
	$(call say,HOSTCC,$@)mkdir -p $(@D); $(CLANG) $(TOOL_CFLAGS) $(TOOL_INCLUDES) $(WARNINGS) -MMD -MP -c $< -o $@
$(call libraries,tools-obj,host,$$(TOOL_CFLAGS))

define tool
$(eval objs := $(patsubst %,$(OUT)/tools-obj/%.o,$(wildcard $(1)/*.c)))
$(eval libs := $(patsubst %,$(OUT)/tools-obj/lib/lib%.a,$(call words-of,$(1)/libs)))
$(if $(filter schema,$(call words-of,$(1)/libs)),$(eval $(objs): | $(GENERATED_HEADERS)))
$(eval $(OUT)/$(1): $(objs) $(libs)
	$$(call say,LINK,$$@)mkdir -p $$(@D); $$(CLANG) $$(TOOL_LDFLAGS) $(objs) -Wl,--start-group $(libs) -Wl,--end-group -o $$@)
endef
$(foreach t,$(TOOL_DIRS),$(call tool,$(t)))

# The scenarios of tests/host under ThreadSanitizer: simulated CPUs do not synchronise by being switched, so a missing
# barrier is a race to it.  Hostile processes race on purpose.  A warning fails, and so does a list of scenarios that is empty.
RACE_TESTS := $(patsubst tests/host/%_test.c,tests_host_%,$(filter-out %/hostile_test.c,$(wildcard tests/host/*_test.c)))
.PHONY: races
races:  ## the host scenarios under ThreadSanitizer (out/tsan): no warning
	$(Q)$(MAKE) --no-print-directory OUT=out/tsan SANITIZE=-fsanitize=thread $(RACE_TESTS:%=out/tsan/host/tests/%)
	$(Q)n=0; for t in $(RACE_TESTS); do n=$$((n + 1)); mkdir -p $(OUT)/assurance/races; \
	 if EXPLORE_EFFORT=$${EXPLORE_EFFORT:-10} TSAN_OPTIONS=suppressions=tests/host/races.supp \
	  out/tsan/host/tests/$$t >$(OUT)/assurance/races/$$t.log 2>&1; then echo "ok $$n - no race in $$t"; \
	 else echo "not ok $$n - $$t: $(OUT)/assurance/races/$$t.log"; \
	  grep -h '^SUMMARY' $(OUT)/assurance/races/$$t.log | sort | uniq -c; exit 1; fi; done; echo "1..$$n"
