# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs that stand on a C library: musl (ports/musl) over lib/posix, which turns its system calls into calls of capabilities.
#   lib/NAME/sides with the word libc   built like a library of user programs, and sees musl's headers
#   ports/NAME, side libc               other people's libraries and programs (PORT_PROGRAMS_NAME; mk/ports.mk)
#   {programs,services}/NAME/libc, tests/programs/NAME/libc    a program of ours: `int main(int argc, char **argv)`. The file's words
#                                       are the ports whose headers it wants besides musl

LIBC_BASE := --target=x86_64-unknown-linux-musl -nostdlibinc -O2 -fPIE -fno-plt -fno-omit-frame-pointer -fno-strict-aliasing \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-stack-protector -fno-common
LIBC_INCLUDES := $(call port-own-includes,musl)
# No debug information, and no path of this tree: other people's sources are compiled once, and a compile cache knows them everywhere.
LIBC_PORT_CFLAGS := $(LIBC_BASE)

# Libraries of the side libc.
# For size: what a small program is, is mostly this.
FLAGS_posix = $(USER_CFLAGS) -Os -DRPC_SMALL -D_GNU_SOURCE $(call includes-of,user) $(call includes-of,libc)
$(eval $(call compile-rules,posix,$$(FLAGS_posix)))
$(foreach l,$(call libs-of,libc),$(call library,posix,libc,$(l)))

# What programs call most: for speed.
$(patsubst %,$(OUT)/posix/lib/posix/%.c.o,open close): EXTRA_CFLAGS += -O2

# Ports.
LIBC_PORTS := $(foreach p,$(PORTS),$(if $(filter libc,$(PORT_SIDES_$(p))),$(p)))
$(foreach p,$(filter-out musl,$(LIBC_PORTS)),$(eval PORT_NEEDS_$(p) += musl))
$(foreach p,$(LIBC_PORTS),$(call port-rules,libc,libc,$(p),$$(LIBC_PORT_CFLAGS)))

# $(call libc-archives,PORTS): what a program is linked with. lib/posix comes first: it has its own runtime_main. musl comes before the
# libraries of user programs.
libc-archives = $(foreach l,$(call libs-of,libc),$(OUT)/posix/lib/lib$(l).a) $(patsubst %,$(OUT)/libc/lib/libport_%.a,$(filter-out musl,$(1)) musl) \
	$(ARCHIVES_user)

# Programs of ours.
FLAGS_libc = $(LIBC_BASE) -ffile-prefix-map=$(CURDIR)=. -fdebug-compilation-dir=. -std=gnu2x -g -D_GNU_SOURCE $(LIBC_INCLUDES)
$(eval $(call compile-rules,libc,$$(FLAGS_libc)))

LIBC_REST := $(OUT)/libc/lib/libport_musl_rest.a

# Which files of musl the programs are linked with: a member's name is its file's, without the folder.
.PHONY: musl-files
musl-files:  ## write ports/musl/files.mk anew: what this tree's programs link of musl
	$(Q)sed -n 's/.*libport_musl\(_rest\)\?\.a(\(.*\)\.o)$$/\2/p' $^ | sort -u >$(OUT)/libc/members; \
	{ sed '/^PORT_LINKED/,$$d' ports/musl/files.mk; echo 'PORT_LINKED_musl := \'; printf '%s\n' $(sort $(PORT_FILES_musl)) | \
	 awk -F/ 'NR == FNR { linked[$$0]; next } $$NF in linked' $(OUT)/libc/members - | fmt -w 125 | sed 's/^/\t/; $$!s/$$/ \\/'; } >$(OUT)/libc/files.mk; \
	mv $(OUT)/libc/files.mk ports/musl/files.mk

# $(call libc-link,NAME,OBJECTS,PORTS)
define libc-link
$(call list-file,$(OUT)/libc/programs/$(1).list,$(2))
$(eval $(OUT)/user/debug/$(1): $(2) $(OUT)/libc/programs/$(1).name.o $(call libc-archives,$(3)) $(USER_LD) $(OUT)/libc/programs/$(1).list mk/flags.mk
	$$(call say,LINK,$$@)mkdir -p $$(@D); $$(LLD) $$(USER_LDFLAGS) -T $$(USER_LD) $(2) $(OUT)/libc/programs/$(1).name.o \
	 --start-group $(call libc-archives,$(3)) --end-group -o $$@ || { echo "$$@: what musl has, but not yet for this tree: make musl-files" >&2; exit 1; })
$(eval $(OUT)/libc/programs/$(1).members: $(2) $(OUT)/libc/programs/$(1).name.o $(call libc-archives,$(3)) $(LIBC_REST)
	$$(Q)$$(LLD) $$(USER_LDFLAGS) -T $$(USER_LD) $(2) $(OUT)/libc/programs/$(1).name.o --trace \
	 --start-group $(call libc-archives,$(3)) $(LIBC_REST) --end-group -o /dev/null >$$@)
$(eval musl-files: $(OUT)/libc/programs/$(1).members)
endef

# What a program calls itself where nobody says it (argv[0]).
$(OUT)/libc/programs/%.name.o: mk/libc.mk
	$(Q)mkdir -p $(@D); printf '.section .rodata\n.globl posix_program_name\nposix_program_name: .asciz "%s"\n' $* >$(@:.o=.s); \
	$(CLANG) --target=x86_64-unknown-none-elf -c $(@:.o=.s) -o $@

define libc-program
$(eval objs := $(patsubst %,$(OUT)/libc/%.o,$(call sources,$(1))))
$(eval $(objs): EXTRA_CFLAGS += $(foreach p,$(call words-of,$(1)/libc),$(call port-own-includes,$(p))))
$(eval $(objs): | $(PORT_STAMP_musl) $(foreach p,$(call words-of,$(1)/libc),$(PORT_STAMP_$(p))))
$(call libc-link,$(notdir $(1)),$(objs),$(call words-of,$(1)/libc))
endef
$(foreach d,$(LIBC_PROGRAM_DIRS),$(call libc-program,$(d)))

# Programs that ports make.
define port-program
$(if $(wildcard ports/$(1)/$(2).needs.capnp),$(eval $(call needs-rule,$(2),ports/$(1)/$(2).needs.capnp)))
$(call libc-link,$(2),$(PORT_MAIN_$(2):%=$(OUT)/libc/ports/$(1)/%.o),$(1) $(PORT_NEEDS_$(1)))
endef
$(foreach p,$(LIBC_PORTS),$(foreach m,$(PORT_PROGRAMS_$(p)),$(call port-program,$(p),$(m))))
