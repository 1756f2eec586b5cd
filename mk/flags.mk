# SPDX-License-Identifier: MIT OR Apache-2.0
# Compiler and linker flags, one set for each side.  Every object depends on this file.

# -fgnu-keywords: `asm` is a keyword, which plain -std=c23 takes away.  A table may fill a range and then override rows.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Wthread-safety -Werror -Wno-initializer-overrides
COMMON_CFLAGS := -std=c23 -fgnu-keywords -g -ffile-prefix-map=$(CURDIR)=. -fdebug-compilation-dir=. -fno-strict-overflow -ffunction-sections -fdata-sections \
	-fno-common -Iabi/include -I$(OUT)/gen
FREESTANDING := --target=x86_64-unknown-none-elf -ffreestanding -nostdlibinc -O2

# What hardens the kernel, in one place.  The canary is kernel/arch/x86_64/canary.c's.  User
# programs get theirs when lib/runtime has one.
# No -fzero-call-used-regs: the exit stubs (kernel/arch/x86_64/entry.S) clear every register that does not carry a
# result, and clearing them in each function as well costs 200 instructions of a call between processes.
KERNEL_HARDENING ?= -ftrivial-auto-var-init=zero -mharden-sls=all \
	-fcf-protection=branch -fsanitize=kcfi -fstack-protector-strong -mstack-protector-guard=global
USER_HARDENING ?= -ftrivial-auto-var-init=zero -fcf-protection=branch -fno-stack-protector

# The rooms that every call crosses go without clearing registers at each return (a sixteenth of a call); the way out to
# user mode clears them once.
KERNEL_HOT := kernel/core kernel/cap kernel/ring lib/message lib/rpc gen/schema
KERNEL_HOT_CFLAGS := -fzero-call-used-regs=skip

# What runs at boot, for a person who looks, or at a panic is made small rather than quick: the image has a bound (tools/check-kernel).
KERNEL_COLD := $(addprefix kernel/,boot/% core/print core/panic core/symbols object/boot_package object/cpu_isolation object/describe \
	object/log_reader object/power object/profiler object/realtime_island object/scheduling_% object/session_context object/system_% \
	arch/x86_64/acpi% arch/x86_64/boot% arch/x86_64/mitigat% arch/x86_64/smp arch/x86_64/wx)
KERNEL_COLD_CFLAGS := -Os
# Interfaces that nobody calls often: what is generated of them for the kernel.
KERNEL_COLD_SCHEMA := $(addprefix gen/schema/kernel/,boot_package cpu_isolation log_reader power profiler \
	realtime_island scheduling_% session_% system_%)

# The release kernel is optimised as a whole; the linker keeps what did not change in lto/.
KERNEL_LTO := $(if $(DEBUG),,-flto=thin)
KERNEL_CFLAGS := $(KERNEL_LTO) $(COMMON_CFLAGS) $(FREESTANDING) -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-omit-frame-pointer -fno-asynchronous-unwind-tables $(KERNEL_HARDENING) \
	$(if $(DEBUG),-DCAPOS_DEBUG)
KERNEL_LDFLAGS = -nostdlib -static --gc-sections --build-id=none -z noexecstack -z max-page-size=4096 --fatal-warnings \
	$(if $(KERNEL_LTO),--lto-O2 --thinlto-cache-dir=$(OUT)/$(K)/lto --thinlto-cache-policy=cache_size_bytes=200m)

# Programs are optimised as a whole, too: a call costs up to a tenth less, a program grows by a seventh.
USER_CFLAGS := -flto=thin $(COMMON_CFLAGS) $(FREESTANDING) -fPIE -fno-plt -fvisibility=hidden -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables $(USER_HARDENING)
USER_LDFLAGS := -nostdlib -pie -static --no-dynamic-linker --gc-sections --build-id=none -z noexecstack \
	-z max-page-size=4096 -z noseparate-code -z text --hash-style=gnu -e _start -u _start --fatal-warnings \
	--lto-O2 --thinlto-cache-dir=$(OUT)/user/lto --thinlto-cache-policy=cache_size_bytes=200m

# The host side: the same kernel and libraries as an ordinary process under sanitizers.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS := $(COMMON_CFLAGS) -O1 -fno-omit-frame-pointer -D_GNU_SOURCE -DCAPOS_DEBUG $(SANITIZE)
HOST_LDFLAGS := $(SANITIZE) -fuse-ld=lld-19 -Wl,--gc-sections

# Programs of the build host: no sanitizers, so that they are quick.
TOOL_CFLAGS := $(COMMON_CFLAGS) -O2 -D_GNU_SOURCE
TOOL_LDFLAGS := -fuse-ld=lld-19 -Wl,--gc-sections
