# SPDX-License-Identifier: MIT OR Apache-2.0
# Ports: other people's source, fetched from the distribution at a pinned version, verified, unpacked below out/ports and
# never committed.  ports/NAME/port.mk sets:
#   PORT_PACKAGE_NAME   Debian source package          PORT_VERSION_NAME   its exact version
#   PORT_SHA256_NAME    checksum of the .orig tarball   PORT_LICENCE_NAME   SPDX expression
#   PORT_SIDES_NAME     where it is built: any of kernel user host, or libc (what musl carries; mk/libc.mk)
#   PORT_FILES_NAME     files to compile, relative to the unpacked top directory; or
#   PORT_GLOBS_NAME     patterns of such files, and PORT_WITHOUT_NAME those that are not wanted
#   PORT_LINKED_NAME    those of them that programs of this tree link, where that is few; libport_NAME_rest.a holds the others, for the SDK
#   PORT_CFLAGS_NAME    more flags                      PORT_INCLUDES_NAME  include directories, relative to that top
#   PORT_PREPARE_NAME   a script of ours that is run once with the unpacked directory as $1: generated headers, small changes
#   PORT_SMALL_NAME     files that are compiled for size
#   PORT_NEEDS_NAME     ports whose headers it includes
#   PORT_PROGRAMS_NAME  (libc) programs that it makes; of each, PORT_MAIN_PROGRAM lists the files that only it has, and
#                       ports/NAME/PROGRAM.needs.capnp is what it asks for
#   PORT_ALIASES_NAME   other names of its first program, which looks by what name it was called
# ports/NAME/*.c and include/ are ours: what the source expects from its surroundings, seen before any other header.
# A library uses a port by naming it in lib/X/needs-ports.  `make clean` keeps out/ports/downloads.

PORTS := $(sort $(patsubst ports/%/,%,$(dir $(wildcard ports/*/port.mk))))
include $(wildcard ports/*/port.mk)

port-dir = $(OUT)/ports/$(1)
$(foreach p,$(PORTS),$(eval PORT_STAMP_$(p) := $(call port-dir,$(p))/.unpacked))
port-own-includes = $(if $(wildcard ports/$(1)/include),-Iports/$(1)/include) $(PORT_INCLUDES_$(1):%=-isystem $(call port-dir,$(1))/%)
# $(call port-includes,LIBRARY-DIR): what a library needs to include its ports' headers
port-includes = $(foreach p,$(call words-of,$(1)/needs-ports),$(call port-own-includes,$(p)))

# $(call port-libraries,PREFIX,SIDE): the archives of that side
port-libraries = $(foreach p,$(PORTS),$(if $(filter $(2),$(PORT_SIDES_$(p))),$(OUT)/$(1)/lib/libport_$(p).a))

# Not before the tools are installed: what prepares a source may call the compiler.
define unpack-rule
$(PORT_STAMP_$(1)): ports/$(1)/port.mk tools/fetch-source $(PORT_PREPARE_$(1)) | $(OUT)/installed.mk
	$$(call say,FETCH,$(PORT_PACKAGE_$(1)) $(PORT_VERSION_$(1)))d=$$(@D); rm -rf $$$$d; mkdir -p $$$$d; \
	t=$$$$(tools/fetch-source $(PORT_PACKAGE_$(1)) $(PORT_VERSION_$(1)) $(PORT_SHA256_$(1)) $(OUT)/ports/downloads); \
	tar -x --strip-components=1 --no-same-owner -f $$$$t -C $$$$d; $(if $(PORT_PREPARE_$(1)),$(PORT_PREPARE_$(1)) $$$$d;) touch $$@
endef
$(foreach p,$(PORTS),$(eval $(call unpack-rule,$(p))))

# Patterns are known as files when the source is there: an included file, which make writes, and then begins again.
define glob-rule
$(OUT)/ports/$(1).files.mk: $(PORT_STAMP_$(1))
	$$(Q)cd $(call port-dir,$(1)); { printf 'PORT_FILES_$(1) :='; printf ' %s' $(PORT_GLOBS_$(1)); echo; } >../$(1).files.mk
include $(OUT)/ports/$(1).files.mk
PORT_FILES_$(1) := $$(filter-out $$(PORT_WITHOUT_$(1)),$$(PORT_FILES_$(1)))
endef
ifeq ($(ONLOOKER),)
$(foreach p,$(PORTS),$(if $(PORT_GLOBS_$(p)),$(eval $(call glob-rule,$(p)))))
endif

# The sources themselves, which a compile's list of dependencies names: they come with the whole, as old as their authors left them.
$(foreach p,$(PORTS),$(eval $(foreach f,$(PORT_FILES_$(p)) $(foreach m,$(PORT_PROGRAMS_$(p)),$(PORT_MAIN_$(m))),$(call port-dir,$(p))/$(f)): \
	| $(PORT_STAMP_$(p)) ;))

# $(call port-batches,PREFIX,NAME,OBJECTS): a rule for each 64 of them, with `flags`. What they include of ours is all that is on the way.
port-headers = $(wildcard ports/$(1)/*.h $(foreach d,$(filter-out $(OUT)/%,$(patsubst -I%,%,$(filter -I%,$(flags)))),$(d)/*.h $(d)/*/*.h))
define port-batches
$(if $(3),$(eval $(wordlist 1,64,$(3)) &: $(PORT_STAMP_$(2)) $(call port-headers,$(2)) tools/compile-many | $(foreach n,$(PORT_NEEDS_$(2)),$(PORT_STAMP_$(n)))
	$$(call say,PORT,$(2)$(if $(word 2,$(3)),: $(words $(wordlist 1,64,$(3))) files))tools/compile-many $(call port-dir,$(2)) $(OUT)/$(1)/ports/$(2) \
	 $(patsubst $(OUT)/$(1)/ports/$(2)/%.o,%,$(wordlist 1,64,$(3))) -- $$(CLANG) $(flags) -w)
$(call port-batches,$(1),$(2),$(wordlist 65,$(words $(3)),$(3))))
endef

# $(call port-rules,PREFIX,SIDE,NAME,FLAGS): foreign files without our warnings, own files with them. Of the side libc, which is one prefix,
# C files are compiled many at a time (tools/compile-many).
define port-rules
$(eval foreign := $(PORT_FILES_$(3):%=$(OUT)/$(1)/ports/$(3)/%.o))
$(eval mains := $(foreach m,$(PORT_PROGRAMS_$(3)),$(PORT_MAIN_$(m):%=$(OUT)/$(1)/ports/$(3)/%.o)))
$(eval own := $(patsubst %,$(OUT)/$(1)/%.o,$(wildcard ports/$(3)/*.c)))
$(eval needed := $(foreach n,$(PORT_NEEDS_$(3)),$(call port-own-includes,$(n))))
$(eval flags := $(4) $(call port-own-includes,$(3)) $(PORT_CFLAGS_$(3)) $(needed))
$(eval $(own): EXTRA_CFLAGS += $(call port-own-includes,$(3)) $(PORT_CFLAGS_$(3)) $(needed))
$(eval $(own): | $(PORT_STAMP_$(3)) $(foreach n,$(PORT_NEEDS_$(3)),$(PORT_STAMP_$(n))))
$(eval linked := $(if $(PORT_LINKED_$(3)),$(filter $(PORT_LINKED_$(3):%=$(OUT)/$(1)/ports/$(3)/%.o),$(foreign)),$(foreign)))
$(eval single := $(if $(filter libc,$(2)),$(filter-out %.c.o,$(foreign) $(mains)) $(PORT_SMALL_$(3):%=$(OUT)/$(1)/ports/$(3)/%.o),$(foreign) $(mains)))
$(eval $(single): $(OUT)/$(1)/ports/$(3)/%.o: $(PORT_STAMP_$(3)) $(if $(filter libc,$(2)),,mk/flags.mk) \
	| $(foreach n,$(PORT_NEEDS_$(3)),$(PORT_STAMP_$(n)))
	$$(call say,PORT,$$@)mkdir -p $$(@D); $$(CLANG) $(flags) $(if $(PORT_SMALL_$(3)),$$(if $$(filter $(PORT_SMALL_$(3)),$$*),-Os)) -w -MMD -MP \
	 -c $(call port-dir,$(3))/$$* -o $$@)
$(call port-batches,$(1),$(3),$(filter-out $(single),$(linked)))
$(call port-batches,$(1),$(3),$(filter-out $(single) $(linked),$(foreign)))
$(call port-batches,$(1),$(3),$(filter-out $(single),$(mains)))
$(eval $(call archive-rule,$(OUT)/$(1)/lib/libport_$(3).a,$(linked) $(own)))
$(if $(PORT_LINKED_$(3)),$(eval $(call archive-rule,$(OUT)/$(1)/lib/libport_$(3)_rest.a,$(filter-out $(linked),$(foreign)))))
endef
