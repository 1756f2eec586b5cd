# SPDX-License-Identifier: MIT OR Apache-2.0
# The programs that the build calls, and their installation.  out/installed.mk is an included file, so make brings it
# up to date (and with it the packages) before it looks at any other target.

CLANG    := clang-19
CLANGXX  := clang++-19
LLD      := ld.lld-19
AR       := llvm-ar-19
NM       := llvm-nm-19
OBJCOPY  := llvm-objcopy-19
OBJDUMP  := llvm-objdump-19
READELF  := llvm-readelf-19
CLANG_FORMAT := clang-format-19
CAPNP    := capnp
QEMU     := qemu-system-x86_64

$(OUT)/installed.mk: tools/install-deps
	@mkdir -p $(@D)
	@tools/install-deps </dev/null >&2
	@echo '# packages are installed' > $@

$(OUT)/installed-test.mk: tools/install-deps
	@mkdir -p $(@D)
	@tools/install-deps test </dev/null >&2
	@echo '# packages for tests are installed' > $@

ifeq ($(ONLOOKER),)
include $(OUT)/installed.mk
endif
ifneq ($(filter assurance models proofs test,$(MAKECMDGOALS)),)
include $(OUT)/installed-test.mk
endif
