# SPDX-License-Identifier: MIT OR Apache-2.0
# A project for capOS, as capos-new begins one. Set CAPOS to where the SDK is, include this, and have:
#
#   schema/*.capnp               interfaces of the project's own; include as <schema/x.capnp.h>
#   DIR/*.c, DIR/needs.capnp     a program DIR with its requirement record, for each such directory -> out/bin/DIR
#   DIR/libc                     (whatever is in it) that program is one of the C library: capos-cc --libc
#   image.capnp                  the system                                -> out/$(PROJECT).pkg
#   tests/*_test.c               programs of this machine: generated code against mocks (TAP or exit status)
#   tests/*.session              lines for the prompt; of lines that begin with `> ` each must appear, as a pattern of grep -E
#
# make: all of it;  make run (SMP=2 MEM=256);  make test;  make report: who holds what;  make clean

PROJECT ?= $(notdir $(CURDIR))
OUT ?= out
SMP ?= 2
MEM ?= 256
CLANG ?= clang-19
STRIP ?= llvm-objcopy-19
TOOLS := $(CAPOS)/bin
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

SCHEMAS := $(wildcard schema/*.capnp)
GENERATED := $(SCHEMAS:%=$(OUT)/gen/%.h)
GENERATED_C := $(SCHEMAS:%=$(OUT)/gen/%.c)
REGISTRY := $(OUT)/gen/registry.bin
PROGRAMS := $(patsubst %/needs.capnp,%,$(wildcard */needs.capnp))
BINARIES := $(PROGRAMS:%=$(OUT)/bin/%)
PACKAGE := $(if $(wildcard image.capnp),$(OUT)/$(PROJECT).pkg)
TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/*_test.c))
WARNINGS ?= -Wall -Wextra

.PHONY: all run test report clean
all: $(BINARIES) $(PACKAGE)

$(OUT)/gen/%.capnp.h $(OUT)/gen/%.capnp.c &: %.capnp
	$(TOOLS)/capos-schema -o $(OUT)/gen $<

$(REGISTRY): $(SCHEMAS)
	@mkdir -p $(@D)
	$(TOOLS)/capos-schema --registry $@ $(SCHEMAS)

define program
$(OUT)/debug/$(1): $(wildcard $(1)/*.c $(1)/*.h) $(1)/needs.capnp $(GENERATED) $(GENERATED_C)
	@mkdir -p $$(@D)
	$(TOOLS)/capos-cc $(if $(wildcard $(1)/libc),--libc) -g $(WARNINGS) -I$(OUT)/gen $(wildcard $(1)/*.c) $(GENERATED_C) --needs $(1)/needs.capnp -o $$@
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# What ships: without debug information, with the names for backtraces.
$(OUT)/bin/%: $(OUT)/debug/%
	@mkdir -p $(@D)
	$(STRIP) --strip-debug --remove-section=.comment $< $@

$(PACKAGE): image.capnp $(BINARIES) $(REGISTRY) $(wildcard files/*)
	$(TOOLS)/capos-image build $< -o $@ --programs $(OUT)/bin --registry $(REGISTRY)

report: $(BINARIES) $(REGISTRY)
	$(TOOLS)/capos-image report image.capnp --programs $(OUT)/bin --registry $(REGISTRY)

run: all
	$(TOOLS)/capos-run $(PACKAGE) --smp $(SMP) --mem $(MEM) --log $(OUT)/log.txt

$(OUT)/tests/%: tests/%.c $(GENERATED) $(GENERATED_C)
	@mkdir -p $(@D)
	$(CLANG) -std=c23 -g $(WARNINGS) -fsanitize=address,undefined -I$(OUT)/gen -I$(CAPOS)/include $< $(GENERATED_C) \
	 -Wl,--start-group $(wildcard $(CAPOS)/lib/host/*.a) -Wl,--end-group -fuse-ld=lld-19 -o $@

test: all $(TESTS)
	@for t in $(TESTS); do echo "$$t"; $$t || exit 1; done
	@for s in $(wildcard tests/*.session); do echo "$$s"; \
	 grep -v '^> ' $$s | $(TOOLS)/capos-run $(PACKAGE) --timeout 60 --log $(OUT)/log.txt >$(OUT)/session.txt || exit 1; \
	 sed -n 's/^> //p' $$s | while read -r line; do \
	  tr -d '\r' <$(OUT)/session.txt | grep -Eq -- "$$line" || { echo "$$s: missing: $$line; see $(OUT)/session.txt"; exit 1; }; done || exit 1; \
	done

clean:
	rm -rf $(OUT)
