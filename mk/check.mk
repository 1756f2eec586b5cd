# SPDX-License-Identifier: MIT OR Apache-2.0
# make check: what a reviewer should not have to look for.  Warnings are errors in every compile; here are format, layering
# between rooms, include cycles, headers that do not compile alone, and rules about files and the linked kernel.

C_FILES = $(shell git ls-files -co --exclude-standard -- '*.c' '*.h' ':!:*/golden/*' ':!:sdk/template/*')
CHECKS := check-format check-layering check-headers check-tree check-kernel check-libc
.PHONY: check format compile_commands.json $(CHECKS)

check: all $(CHECKS)  ## format, layering, headers alone, cycles, sizes, SPDX, the linked kernel
	@echo 'check: all good'

check-format:
	$(call say,CHECK,format)$(CLANG_FORMAT) --dry-run -Werror $(wildcard $(C_FILES))

format:  ## rewrite all C sources with clang-format
	$(Q)$(CLANG_FORMAT) -i $(wildcard $(if $(F),$(F),$(C_FILES)))

check-layering check-tree:
	$(call say,CHECK,$(@:check-%=%))tools/$@

check-libc: $(call port-libraries,libc,libc)
	$(call say,CHECK,libc)tools/check-libc $^

check-kernel: $(KERNEL_ELF)
	$(call say,CHECK,kernel)tools/check-kernel $(KERNEL_ELF)

# Public headers, each compiled alone on every side that may include it.
ABI_HEADERS := $(wildcard abi/include/abi/*.h)
lib-headers = $(foreach l,$(call libs-of,$(1)),$(wildcard lib/$(l)/include/$(l)/*.h))
ROOM_HEADERS := $(wildcard kernel/*/include/*/*.h)
HEADER_CHECKS := $(patsubst %,$(OUT)/check/$(K)/%.ok,$(ABI_HEADERS) $(call lib-headers,kernel) $(ROOM_HEADERS) \
		$(wildcard kernel/arch/x86_64/include/*/*.h)) \
	$(patsubst %,$(OUT)/check/user/%.ok,$(ABI_HEADERS) $(call lib-headers,user)) \
	$(patsubst %,$(OUT)/check/host/%.ok,$(ABI_HEADERS) $(call lib-headers,host) $(filter-out kernel/boot/%,$(ROOM_HEADERS)) \
		$(wildcard kernel/arch/host/include/*/*.h))

define header-check-rule
$(OUT)/check/$(1)/%.ok: % mk/flags.mk | $$(GENERATED_HEADERS)
	$$(Q)mkdir -p $$(@D); $$(CLANG) $(2) $$(WARNINGS) -fsyntax-only \
	 -MMD -MP -MT $$@ -MF $$@.d -include $$< -x c /dev/null; touch $$@
endef
$(eval $(call header-check-rule,$(K),$$(FLAGS_$(K))))
$(eval $(call header-check-rule,user,$$(FLAGS_user)))
$(eval $(call header-check-rule,host,$$(FLAGS_host)))

check-headers: $(HEADER_CHECKS)
	$(call say,CHECK,$(words $(HEADER_CHECKS)) headers alone)true

# Every compile leaves its entry beside the object (-MJ).
compile_commands.json:  ## for editors, from what was compiled so far
	$(call say,GEN,$@)find $(OUT) -name '*.o.json' -print0 | sort -z | xargs -0 cat | sed -e '1s/^/[/' -e '$$s/,$$/]/' >$@
