# SPDX-License-Identifier: MIT OR Apache-2.0
# Measuring: `make bench` prints capOS's figures beside those of a Linux guest that it measures itself, and writes
# out/bench.tsv; `make bench-check` compares instruction counts with tests/bench/baseline.tsv. tests/bench/run explains.
#   FRESH=1       measure the Linux guest again, although nothing of it has changed
#   LINUX=FILE    another kernel than Debian's for it
#   ROW=ipc_64    for bench-profile: only that row; BLOCKS=submit: also the blocks of that function

BENCH := $(OUT)/bench
comma := ,
BENCH_CC := $(CLANG) -std=c23 -O2 $(filter-out -Wthread-safety,$(WARNINGS))
BENCH_TOOLS := $(BENCH)/count.so $(BENCH)/stretch.so $(BENCH)/pages.so $(BENCH)/profile
BENCH_GUEST := $(wildcard tests/bench/linux/*.c)
BENCH_IMAGES := $(OUT)/images/bench.pkg $(OUT)/images/default.pkg $(OUT)/images/bench-posix.pkg \
	$(OUT)/images/bench-compute.pkg
BENCH_SHELL_IMAGES := $(patsubst %,$(OUT)/images/%.pkg,debug test-shell test-trace)

$(BENCH)/%.so: tests/bench/plugin/%.c tests/bench/plugin/qemu.h
	$(call say,CC,$@)mkdir -p $(@D); $(BENCH_CC) -shared -fPIC -fvisibility=hidden $< -o $@

$(BENCH)/profile: tests/bench/profile.c
	$(call say,CC,$@)mkdir -p $(@D); $(BENCH_CC) $< -o $@

$(BENCH)/linux/mkcpio: tests/bench/linux/mkcpio.c
	$(call say,CC,$@)mkdir -p $(@D); $(BENCH_CC) $< -o $@

$(BENCH)/linux/tiny: tests/bench/linux/tiny.c
	$(call say,CC,$@)mkdir -p $(@D); $(BENCH_CC) -Wno-missing-prototypes -static -nostdlib -fno-pie -s \
	 -fno-asynchronous-unwind-tables -Wl,--build-id=none -Wl,-z,noseparate-code $< -o $@

$(BENCH)/linux/init: $(filter-out %/mkcpio.c %/tiny.c,$(BENCH_GUEST)) tests/bench/linux/guest.h lib/scale_work/include/scale_work/work.h
	$(call say,CC,$@)mkdir -p $(@D); $(BENCH_CC) -Ilib/scale_work/include -static -s $(filter %.c,$^) -o $@

# The same musl as its authors made it, over Linux's own system calls, and on it the object files of tests/programs/bench-compute and its ports as they
# are for capOS.
$(BENCH)/linux/musl/lib/libc.a: ports/musl/port.mk tools/fetch-source
	$(call say,MUSL,$@)rm -rf $(BENCH)/linux/musl; mkdir -p $(BENCH)/linux/musl; \
	t=$$(tools/fetch-source $(PORT_PACKAGE_musl) $(PORT_VERSION_musl) $(PORT_SHA256_musl) $(OUT)/ports/downloads) && \
	tar -x --strip-components=1 --no-same-owner -f $$t -C $(BENCH)/linux/musl && cd $(BENCH)/linux/musl && \
	{ ./configure --disable-shared CC=$(CLANG) CFLAGS=-w && $(MAKE) lib/libc.a lib/crt1.o lib/crti.o lib/crtn.o; } >log 2>&1

$(BENCH)/linux/compute: $(OUT)/libc/tests/programs/bench-compute/main.c.o $(OUT)/libc/lib/libport_lua.a $(OUT)/libc/lib/libport_sqlite3.a \
		$(BENCH)/linux/musl/lib/libc.a
	$(call say,LINK,$@)cd $(BENCH)/linux/musl/lib && $(LLD) -static -s --gc-sections -o ../../compute crt1.o crti.o \
	 --start-group $(^:%=$(CURDIR)/%) --end-group crtn.o

BENCH_LINUX := init tiny compute
$(BENCH)/linux/initrd.gz: $(BENCH)/linux/mkcpio $(BENCH_LINUX:%=$(BENCH)/linux/%)
	$(call say,CPIO,$@)$< $(foreach f,$(BENCH_LINUX),$(f)=$(BENCH)/linux/$(f)) | gzip -9n >$@

.PHONY: bench bench-check bench-accept bench-profile bench-stretch bench-pages bench-pairs
bench: kernel $(BENCH_IMAGES) $(BENCH_SHELL_IMAGES) $(TOOLS) $(BENCH_TOOLS) $(BENCH)/linux/initrd.gz  ## measure, and print the figures beside a Linux guest's
	$(Q)$(if $(findstring $(comma),$(SMP)),LINUX=$(LINUX) tests/bench/scale $(SMP),FRESH=$(FRESH) LINUX=$(LINUX) tests/bench/run all)

bench-check: kernel $(BENCH_IMAGES) $(BENCH_TOOLS)  ## fail if a row takes over 3 % more instructions than the committed baseline
	$(Q)tests/bench/run check

bench-accept: kernel $(BENCH_IMAGES) $(BENCH_TOOLS)  ## write that baseline anew
	$(Q)tests/bench/run accept

bench-profile: kernel $(BENCH_IMAGES) $(BENCH_TOOLS)  ## where each row's instructions go, by function (ROW=key: one)
	$(Q)ROW=$(ROW) BLOCKS=$(BLOCKS) tests/bench/run profile

bench-stretch: kernel images $(BENCH_TOOLS)  ## the longest stretches with interrupts off, FOR="image image" (default: bench and test images)
	$(Q)IMAGES="$(FOR)" tests/bench/run stretch

bench-pages: kernel $(BENCH_IMAGES) $(BENCH_TOOLS)  ## pages and blocks of code that each row touches between two switches of the address space (ROW=key: which pages)
	$(Q)ROW=$(ROW) tests/bench/run pages

bench-pairs: kernel $(OUT)/images/bench_pairs.pkg  ## two client/server pairs on two CPUs against one, in wall-clock time
	$(Q)tests/bench/pairs

# The kernel's accesses to memory are counted by ThreadSanitizer's instrumentation, with functions of our own behind it.
CONTENTION := $(OUT)/host/contention
CONTENTION_OBJECTS := $(patsubst %,$(OUT)/host/%.o,$(wildcard tests/bench/contention/*.c) \
	$(filter-out %_test.c,$(wildcard $(addprefix tests/host/,scenario*.c invariants*.c reference*.c authority*.c))))
$(CONTENTION): $(CONTENTION_OBJECTS) $(HOST_KERNEL) $(ARCHIVES_host)
	$(call say,LINK,$@)mkdir -p $(@D); $(CLANG) $(HOST_LDFLAGS) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -o $@
$(OUT)/host/tests/bench/contention/main.c.o: private EXTRA_CFLAGS += -Itests
.PHONY: bench-contention
bench-contention:  ## what one operation needs of lines and locks that other CPUs have, on 1 to 64 simulated CPUs (CPUS="1 2 4": these; WHERE=-w: by code)
	$(Q)$(MAKE) --no-print-directory OUT=out/contention SANITIZE=-UCAPOS_DEBUG KERNEL_ON_HOST_CFLAGS="-O2 -fsanitize=thread \
	 -mllvm -tsan-instrument-func-entry-exit=0 -mllvm -tsan-instrument-memintrinsics=0" out/contention/host/contention
	$(Q)out/contention/host/contention $(WHERE) $(CPUS)

.PHONY: bench-cross
bench-cross: kernel $(OUT)/images/bench-cross.pkg $(BENCH)/linux/initrd.gz  ## from one CPU to another and back, and a polled ring there, in wall-clock time
	$(Q)LINUX=$(LINUX) tests/bench/cross $(RUNS)

.PHONY: bench-share
bench-share: kernel $(OUT)/images/bench-scale.pkg $(BENCH)/share.so  ## the instructions that two CPUs share for the work of bench-scale: no clock
	$(Q)tests/bench/share

.PHONY: bench-scale
bench: $(OUT)/images/bench-scale.pkg
bench-scale: kernel $(OUT)/images/bench-scale.pkg $(TOOLS) $(BENCH)/linux/initrd.gz  ## several CPUs against one, beside Linux (SMP=1,2,4)
	$(Q)LINUX=$(LINUX) tests/bench/scale $(or $(SMP),2)

.PHONY: bench-island
bench-island: kernel $(OUT)/images/test-island.pkg  ## jitter and worst latency of a real-time island (SMP=2; CLOCK=wall: in real time, on a quiet machine)
	$(Q)tests/bench/island $(or $(SMP),2) $(CLOCK)
