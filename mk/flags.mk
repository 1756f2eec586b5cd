# SPDX-License-Identifier: MIT OR Apache-2.0
# Compiler and linker flags, one set for each side.  Every object depends on this file.

# -fgnu-keywords: `asm` is a keyword, which plain -std=c23 takes away.  A table may fill a range and then override rows.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wthread-safety -Werror -Wno-initializer-overrides
COMMON_CFLAGS := -std=c23 -fgnu-keywords -g -ffile-prefix-map=$(CURDIR)/= -fno-strict-overflow -ffunction-sections -fdata-sections \
	-fno-common -Iabi/include -I$(OUT)/gen
FREESTANDING := --target=x86_64-unknown-none-elf -ffreestanding -nostdlibinc -O2

# What hardens the kernel, in one place.  The canary is kernel/arch/x86_64/canary.c's.  User
# programs get theirs when lib/runtime has one.
KERNEL_HARDENING ?= -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -mharden-sls=all \
	-fcf-protection=branch -fsanitize=kcfi -fstack-protector-strong -mstack-protector-guard=global
USER_HARDENING ?= -ftrivial-auto-var-init=zero -fcf-protection=branch -fno-stack-protector

KERNEL_CFLAGS := $(COMMON_CFLAGS) $(FREESTANDING) -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables $(KERNEL_HARDENING) $(if $(DEBUG),-DCAPOS_DEBUG)
KERNEL_LDFLAGS := -nostdlib -static --gc-sections --build-id=none -z noexecstack -z max-page-size=4096 --fatal-warnings

USER_CFLAGS := $(COMMON_CFLAGS) $(FREESTANDING) -fPIE -fno-plt -fvisibility=hidden -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables $(USER_HARDENING)
USER_LDFLAGS := -nostdlib -pie -static --no-dynamic-linker --gc-sections --build-id=none -z noexecstack \
	-z max-page-size=4096 -z noseparate-code -z text --hash-style=gnu -e _start -u _start --fatal-warnings

# The host side: the same kernel and libraries as an ordinary process under sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS := $(COMMON_CFLAGS) -O1 -fno-omit-frame-pointer -D_GNU_SOURCE -DCAPOS_DEBUG $(SANITIZE)
HOST_LDFLAGS := $(SANITIZE) -fuse-ld=lld-19 -Wl,--gc-sections

# Programs of the build host: no sanitizers, so that they are quick.
TOOL_CFLAGS := $(COMMON_CFLAGS) -O2 -D_GNU_SOURCE
TOOL_LDFLAGS := -fuse-ld=lld-19 -Wl,--gc-sections
