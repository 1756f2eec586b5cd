# SPDX-License-Identifier: MIT OR Apache-2.0
#
# capOS: the whole build.  Everything is found by wildcard, everything generated goes to out/; a new library,
# program, driver, service, tool, image or test is a new directory and edits no file here.
#
#   abi/include/abi/*.h                   bits shared by kernel and user space; on everybody's include path
#   schema/**/*.capnp                     -> out/gen/schema/**/*.capnp.{h,c}; include as <schema/kernel/timer.capnp.h>
#   lib/NAME/{*.c,*.S}                    libNAME.a for each side named in lib/NAME/sides (kernel user host)
#   lib/NAME/SIDE/{*.c,*.S}               compiled on that side only: a variant is a file
#   lib/NAME/{needs-ports}                ports whose headers the library includes (one line of names)
#   kernel/ROOM/{*.c,*.S}                 out/x86_64/kernel.elf; all but boot and arch/x86_64 also in libkernel_host.a
#   {lib/NAME,kernel/ROOM,kernel/arch/A,tools/NAME}/tests/*_test.c -> out/host/tests/..., one sanitised TAP program each
#   {programs,services}/NAME/, drivers/CLASS/NAME/   one user ELF out/user/bin/NAME (static PIE), requirement record
#                                         from needs.capnp beside it (constant `needs`), in ELF section .capos.needs
#   {programs,services}/NAME/libc         its main is that of ISO C, over musl and lib/posix (mk/libc.mk)
#   tests/programs/NAME/                  the same, for programs that only tests run
#   images/NAME.capnp, tests/images/NAME.capnp       out/images/NAME.pkg (constant `image`)
#   tools/NAME/*.c                        host program out/tools/NAME; tools/NAME/libs = host libraries it links (one line)
#   ports/NAME/port.mk                    other people's source, fetched from the distribution at a pinned version
#   tests/system/*.test                   whole-system scenarios, in the format described in tests/run
#
# Variables of `make run`: IMAGE=default SMP=2 MEM=256 MACHINE=q35|microvm.  DEBUG=1 builds and runs the checking
# kernel (lock order and more) in out/x86_64-debug.  V=1 shows commands.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
ifeq ($(MAKELEVEL)$(findstring j,$(filter -j%,$(MAKEFLAGS))),0)
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

OUT := out
# These goals build nothing.
ONLOOKER := $(filter help clean distclean,$(MAKECMDGOALS))
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
# $(call say,WHAT,FILE): one line for each step.
QUIET := $(findstring s,$(filter-out -%,$(firstword $(MAKEFLAGS))))
say = $(if $(filter 1,$(V)),,@$(if $(QUIET),,printf '  %-8s %s\n' '$(1)' '$(2)';))

include mk/toolchain.mk
include mk/flags.mk
include mk/functions.mk
include mk/schema.mk
include mk/ports.mk
include mk/lib.mk
include mk/kernel.mk
include mk/user.mk
include mk/libc.mk
include mk/host.mk
include mk/images.mk
include mk/run.mk
include mk/test.mk
include mk/bench.mk
include mk/check.mk
include mk/docs.mk
include mk/sdk.mk
-include mk/assurance.mk

.PHONY: all ports kernel user images tools help clean distclean
all: ports kernel user images  ## kernel, programs and images (the default)
kernel: $(KERNEL_ELF)  ## the kernel alone
ports: $(foreach p,$(LIBC_PORTS),$(OUT)/libc/lib/libport_$(p).a)  ## other people's libraries: first, since one of their files takes longest
tools: $(TOOLS)  ## programs for the build host

clean:  ## remove out/, but keep downloaded sources
	$(Q)[ ! -d $(OUT) ] || find $(OUT) -mindepth 1 -maxdepth 1 ! -name ports ! -name 'installed*.mk' -exec rm -rf {} +; \
	[ ! -d $(OUT)/ports ] || find $(OUT)/ports -mindepth 1 -maxdepth 1 ! -name downloads -exec rm -rf {} +; \
	rm -f compile_commands.json

distclean:  ## remove everything generated or downloaded
	$(Q)rm -rf $(OUT) compile_commands.json

help:  ## this list
	$(Q)echo 'capOS: make TARGET [VARIABLE=value]'; \
	 sed -n -E 's/^([a-z][a-z0-9-]*):[^#]*## (.*)/  \1\t\2/p' Makefile mk/*.mk | sort | expand -t 20; \
	 echo; sed -n -E '2,/^$$/s/^# ?//p' Makefile

-include $(shell find $(OUT) -type f -name '*.d' -not -path '$(OUT)/ports/*' -not -path '$(OUT)/bench/*' 2>/dev/null)
