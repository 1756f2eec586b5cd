# SPDX-License-Identifier: MIT OR Apache-2.0
# Tests: build what they need, then tests/run, which explains the formats.  T=PATTERN chooses tests by name.

T ?= *
TEST_JOBS ?= 2
.PHONY: test test-host test-system test-needs debug-kernel

# Images that a scenario boots through GRUB, and whether one wants the checking kernel; read only when tests are built.
ifneq ($(filter test test-system,$(MAKECMDGOALS)),)
TEST_ISOS := $(patsubst %,$(OUT)/iso/%.iso,$(shell \
	for f in $$(grep -lE '^machine:.*iso' tests/system/*.test 2>/dev/null); do \
	 i=$$(sed -n 's/^image: *//p' $$f); echo $${i:-default}; done | sort -u))
TEST_DEBUG := $(if $(shell grep -lE '^kernel:.*debug' tests/system/*.test 2>/dev/null),debug-kernel)
endif

debug-kernel: kernel # not beside it: both would make the generated headers
	$(Q)$(MAKE) --no-print-directory DEBUG=1 kernel

test: all sdk $(HOST_TESTS) $(FUZZERS) $(TOOLS) $(TEST_ISOS) $(TEST_DEBUG)  ## all tests; ends with `N passed, N failed`
	$(Q)tests/run -j $(TEST_JOBS) -k '$(T)' host fuzz script system

test-host: $(HOST_TESTS) $(TOOLS)  ## unit tests on the host only
	$(Q)tests/run -j $(TEST_JOBS) -k '$(T)' host

test-system: all $(TOOLS) $(TEST_ISOS) $(TEST_DEBUG)  ## boots only
	$(Q)tests/run -j $(TEST_JOBS) -k '$(T)' system

FUZZ_SECONDS ?= 60
.PHONY: fuzz
fuzz: $(FUZZERS)  ## run each fuzzer (F=NAME: one) for FUZZ_SECONDS=60; what it finds stays in out/fuzz/NAME
	$(Q)for f in $(if $(F),$(OUT)/fuzz/bin/$(F),$(FUZZERS)); do d=$(OUT)/fuzz/$$(basename $$f); mkdir -p $$d/corpus; \
	 $$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$d/ $$d/corpus; done

.PHONY: soak
soak: kernel $(OUT)/tools/image $(OUT)/tools/machine $(OUT)/images/test-soak.pkg  ## storms over 1,000 processes for SECONDS=3600, at SMP=1 and 2 (test-soak)
	$(Q)mkdir -p $(OUT)/soak; sed 's/"10"/"$(or $(SECONDS),3600)"/' tests/images/test-soak.capnp >$(OUT)/soak/test-soak.capnp; \
	$(OUT)/tools/image build $(OUT)/soak/test-soak.capnp -o $(OUT)/soak/test-soak.pkg; \
	for smp in 1 2; do $(OUT)/tools/machine -t $$(( $(or $(SECONDS),3600) * 2 + 600 )) -n -- tools/qemu --machine q35 --kernel $(OUT)/x86_64/kernel.elf \
	 --initrd $(OUT)/soak/test-soak.pkg --smp $$smp --mem 512 --log $(OUT)/soak/log.$$smp --append '' -- </dev/null; \
	 grep 'test-soak: ' $(OUT)/soak/log.$$smp; ! grep -q 'not ok' $(OUT)/soak/log.$$smp || exit 1; \
	 grep -q ' ok 7 ' $(OUT)/soak/log.$$smp || exit 1; done
