# SPDX-License-Identifier: MIT OR Apache-2.0
# Helpers of the other fragments.

# $(call words-of,FILE): the words in a one-line file, or nothing.
words-of = $(if $(wildcard $(1)),$(file <$(1)))

# $(call sources,DIR...): C and assembly sources directly in the directories.
sources = $(foreach d,$(1),$(wildcard $(d)/*.c $(d)/*.S))

# $(call list-file,FILE,WORDS): keeps FILE equal to WORDS, touching it only on change.  What links or archives depends
# on it, so removing a source is noticed as well as adding one.  Not for who only looks on (help): ports' files are not known then.
define list-file
$(if $(ONLOOKER),,$(keep-list-file))
endef
define keep-list-file
$(if $(wildcard $(dir $(1))),,$(shell mkdir -p $(dir $(1))))$(if $(wildcard $(1)),$(call write-if-new,$(1),$(strip $(2)),$(strip $(file <$(1)))),$(file >$(1),$(strip $(2))))
endef
write-if-new = $(if $(and $(findstring x$(2)x,x$(3)x),$(findstring x$(3)x,x$(2)x)),,$(file >$(1),$(2)))

# $(call compile-rules,PREFIX,FLAGS): out/PREFIX/path/to/x.c.o from path/to/x.c, and generated sources from out/gen.
# A compile also writes its entry for compile_commands.json (-MJ).
define compile-rules
$(OUT)/$(1)/%.c.o: %.c mk/flags.mk | $$(GENERATED_HEADERS)
	$$(call say,CC,$$@)mkdir -p $$(@D); \
	$$(CLANG) $(2) $$(WARNINGS) $$(EXTRA_CFLAGS) -MMD -MP -MJ $$@.json -c $$< -o $$@
$(OUT)/$(1)/%.S.o: %.S mk/flags.mk
	$$(call say,AS,$$@)mkdir -p $$(@D); $$(CLANG) $(2) -D__ASSEMBLER__ -MMD -MP -c $$< -o $$@
$(OUT)/$(1)/gen/%.c.o: $(OUT)/gen/%.c mk/flags.mk | $$(GENERATED_HEADERS)
	$$(call say,CC,$$@)mkdir -p $$(@D); $$(CLANG) $(2) $$(WARNINGS) $$(EXTRA_CFLAGS) -MMD -MP -c $$< -o $$@
endef

# $(call archive-rule,ARCHIVE,OBJECTS)
define archive-rule
$(call list-file,$(1).list,$(2))
$(1): $(2) $(1).list
	$$(call say,AR,$$@)mkdir -p $$(@D); rm -f $$@.$$$$$$$$; $$(AR) rcsD $$@.$$$$$$$$ $(2); mv $$@.$$$$$$$$ $$@
endef
