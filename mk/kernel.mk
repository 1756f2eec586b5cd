# SPDX-License-Identifier: MIT OR Apache-2.0
# The kernel: one ELF from all rooms, linked twice so that it carries its own symbol table (tools/ksyms).

KERNEL_ROOMS := core mm cap object ring boot
KERNEL_INCLUDES := -Ikernel/arch/include $(KERNEL_ROOMS:%=-Ikernel/%/include)
K := x86_64$(if $(DEBUG),-debug)
KERNEL_ELF := $(OUT)/$(K)/kernel.elf
KERNEL_LD := kernel/arch/x86_64/link.ld

KERNEL_SOURCES := $(call sources,$(KERNEL_ROOMS:%=kernel/%) kernel/arch/x86_64 \
	$(filter-out kernel/arch/x86_64/tests,$(patsubst %/,%,$(wildcard kernel/arch/x86_64/*/))))
KERNEL_OBJECTS := $(KERNEL_SOURCES:%=$(OUT)/$(K)/%.o)

FLAGS_$(K) = $(KERNEL_CFLAGS) $(KERNEL_INCLUDES) -Ikernel/arch/x86_64/include $(call includes-of,kernel)
$(eval $(call compile-rules,$(K),$$(FLAGS_$(K))))
$(call libraries,$(K),kernel,$$(KERNEL_CFLAGS))
$(call list-file,$(KERNEL_ELF).list,$(KERNEL_OBJECTS) $(ARCHIVES_$(K)))

$(foreach d,$(KERNEL_HOT),$(eval $(sort $(filter $(OUT)/$(K)/$(d)/%,$(KERNEL_OBJECTS) $(GENERATED_SOURCES:$(OUT)/%=$(OUT)/$(K)/%.o) \
	$(patsubst %,$(OUT)/$(K)/%.o,$(call sources,$(d) $(d)/kernel)))): private EXTRA_CFLAGS += $(KERNEL_HOT_CFLAGS)))

$(eval $(filter $(KERNEL_COLD:%=$(OUT)/$(K)/%.c.o),$(KERNEL_OBJECTS)): private EXTRA_CFLAGS += $(KERNEL_COLD_CFLAGS))
$(eval $(filter $(KERNEL_COLD_SCHEMA:%=$(OUT)/$(K)/%.capnp.c.o),$(GENERATED_SOURCES:$(OUT)/%=$(OUT)/$(K)/%.o)): private EXTRA_CFLAGS += $(KERNEL_COLD_CFLAGS))

# Pass 1 has an empty table.  The table is read-only data behind .text, so functions do not move between the passes.
# It is there at every moment, since who boots it may be at work beside us.  Generated code is taken whole, so that a name
# that is also a function of the kernel is an error, not a silent choice.
link-kernel = $(LLD) $(KERNEL_LDFLAGS) -T $(KERNEL_LD) $(KERNEL_OBJECTS) $(1) \
	--whole-archive $(filter %/libschema.a,$(ARCHIVES_$(K))) --no-whole-archive --start-group $(filter-out %/libschema.a,$(ARCHIVES_$(K))) --end-group -o $(2)

$(KERNEL_ELF): $(KERNEL_OBJECTS) $(ARCHIVES_$(K)) $(KERNEL_LD) $(OUT)/tools/ksyms $(KERNEL_ELF).list
	$(call say,LINK,$@)mkdir -p $(@D); k=$(OUT)/$(K)/$$$$-ksyms; trap "rm -f $$k.*" EXIT; \
	$(OUT)/tools/ksyms </dev/null >$$k.bin; \
	printf '%s\n' '.section .rodata.ksyms,"a"' '.balign 8' '.globl ksyms_start, ksyms_end' 'ksyms_start:' \
	 ".incbin \"$$k.bin\"" 'ksyms_end:' >$$k.s; \
	$(CLANG) --target=x86_64-unknown-none-elf -c $$k.s -o $$k.o; \
	$(call link-kernel,$$k.o,$$k.elf); \
	$(NM) --defined-only --numeric-sort $$k.elf | $(OUT)/tools/ksyms >$$k.bin; \
	$(CLANG) --target=x86_64-unknown-none-elf -c $$k.s -o $$k.o; \
	$(call link-kernel,$$k.o,$$k.whole); mv $$k.whole $@
