# SPDX-License-Identifier: MIT OR Apache-2.0
# User programs: one static PIE for each directory, linked with every library that has a user side, plus its
# requirement record.  out/user/debug/NAME has debug information, out/user/bin/NAME (what ships) only the symbol table.

PROGRAM_DIRS := $(patsubst %/,%,$(sort $(dir $(wildcard programs/*/*.c services/*/*.c drivers/*/*/*.c tests/programs/*/*.c))))
PROGRAM_DIRS := $(filter-out %/tests,$(PROGRAM_DIRS))
PROGRAMS := $(foreach d,$(PROGRAM_DIRS),$(OUT)/user/bin/$(notdir $(d))) $(foreach p,$(PORTS),$(PORT_PROGRAMS_$(p):%=$(OUT)/user/bin/%))
# One file by several names: tools/image packs equal files once.
PROGRAM_ALIASES := $(foreach p,$(PORTS),$(PORT_ALIASES_$(p):%=$(OUT)/user/bin/%))
PROGRAMS += $(PROGRAM_ALIASES)
define alias-rule
$(PORT_ALIASES_$(1):%=$(OUT)/user/bin/%): $(OUT)/user/bin/$(firstword $(PORT_PROGRAMS_$(1)))
	$$(Q)ln -f $$< $$@
endef
$(foreach p,$(PORTS),$(if $(PORT_ALIASES_$(p)),$(eval $(call alias-rule,$(p)))))
# Those that stand on a C library (mk/libc.mk).
LIBC_PROGRAM_DIRS := $(foreach d,$(PROGRAM_DIRS),$(if $(wildcard $(d)/libc),$(d)))
USER_LD := $(wildcard lib/runtime/user.ld)

user: $(PROGRAMS)  ## all user programs

FLAGS_user = $(USER_CFLAGS) $(call includes-of,user)
$(eval $(call compile-rules,user,$$(FLAGS_user)))
$(call libraries,user,user,$$(USER_CFLAGS))

# The needs.capnp beside the sources holds a constant `needs`; its flat message (one segment, root pointer first, no framing: capnp's --flat
# leaves the table of segments out) is the section .capos.needs of what ships.
$(OUT)/user/bin/%: $(OUT)/user/debug/%
	$(call say,STRIP,$@)mkdir -p $(@D); $(OBJCOPY) --strip-debug --remove-section=.comment \
	 $(patsubst %,--add-section .capos.needs=%,$(filter %.needs,$^)) $< $@

# $(call needs-rule,PROGRAM,RECORD)
define needs-rule
$(OUT)/user/bin/$(1): $(OUT)/user/needs/$(1).needs
$(OUT)/user/needs/$(1).needs: $(2) $(SCHEMAS)
	$$(call say,NEEDS,$$@)mkdir -p $$(@D); $(CAPNP) eval -I. -o flat $$< needs >$$@
endef

define program
$(eval name := $(notdir $(1)))
$(eval objs := $(patsubst %,$(OUT)/user/%.o,$(call sources,$(1))))
$(call list-file,$(OUT)/user/$(1)/objects.list,$(objs))
$(eval $(OUT)/user/debug/$(name): $(objs) $(ARCHIVES_user) $(USER_LD) $(OUT)/user/$(1)/objects.list mk/flags.mk
	$$(call say,LINK,$$@)mkdir -p $$(@D); $$(LLD) $$(USER_LDFLAGS) $$(if $$(USER_LD),-T $$(USER_LD)) $(objs) \
	 --start-group $$(ARCHIVES_user) --end-group -o $$@)
endef
# Programs that only test are compiled and linked with less effort: nothing is moved from one file into another. Not those that measure.
TEST_ONLY := $(filter tests/%,$(filter-out tests/programs/bench%,$(PROGRAM_DIRS)))
$(foreach d,$(TEST_ONLY),$(OUT)/user/$(d)/%.o): EXTRA_CFLAGS += -O1
$(TEST_ONLY:tests/programs/%=$(OUT)/user/debug/%): private USER_LDFLAGS += --lto-O0

$(foreach d,$(filter-out $(LIBC_PROGRAM_DIRS),$(PROGRAM_DIRS)),$(call program,$(d)))
$(foreach d,$(PROGRAM_DIRS),$(if $(wildcard $(d)/needs.capnp),$(eval $(call needs-rule,$(notdir $(d)),$(d)/needs.capnp))))
