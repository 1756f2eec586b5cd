# SPDX-License-Identifier: MIT OR Apache-2.0
# Ports: other people's source, fetched from the distribution at a pinned version, verified, unpacked below out/ports and
# never committed.  ports/NAME/port.mk sets:
#   PORT_PACKAGE_NAME   Debian source package          PORT_VERSION_NAME   its exact version
#   PORT_SHA256_NAME    checksum of the .orig tarball   PORT_LICENCE_NAME   SPDX expression
#   PORT_SIDES_NAME     where it is built: any of kernel user host
#   PORT_FILES_NAME     files to compile, relative to the unpacked top directory
#   PORT_CFLAGS_NAME    more flags                      PORT_INCLUDES_NAME  include directories, relative to that top
# ports/NAME/*.c and include/ are ours: what the source expects from its surroundings, seen before any other header.
# A library uses a port by naming it in lib/X/needs-ports.  `make clean` keeps out/ports/downloads.

PORTS := $(sort $(patsubst ports/%/,%,$(dir $(wildcard ports/*/port.mk))))
include $(wildcard ports/*/port.mk)

port-dir = $(OUT)/ports/$(1)
$(foreach p,$(PORTS),$(eval PORT_STAMP_$(p) := $(call port-dir,$(p))/.unpacked))
port-own-includes = -Iports/$(1)/include $(PORT_INCLUDES_$(1):%=-isystem $(call port-dir,$(1))/%)
# $(call port-includes,LIBRARY-DIR): what a library needs to include its ports' headers
port-includes = $(foreach p,$(call words-of,$(1)/needs-ports),$(call port-own-includes,$(p)))

# $(call port-libraries,PREFIX,SIDE): the archives of that side
port-libraries = $(foreach p,$(PORTS),$(if $(filter $(2),$(PORT_SIDES_$(p))),$(OUT)/$(1)/lib/libport_$(p).a))

define unpack-rule
$(PORT_STAMP_$(1)): ports/$(1)/port.mk tools/fetch-source
	$$(call say,FETCH,$(PORT_PACKAGE_$(1)) $(PORT_VERSION_$(1)))d=$$(@D); rm -rf $$$$d; mkdir -p $$$$d; \
	t=$$$$(tools/fetch-source $(PORT_PACKAGE_$(1)) $(PORT_VERSION_$(1)) $(PORT_SHA256_$(1)) $(OUT)/ports/downloads); \
	tar -x --strip-components=1 --no-same-owner -f $$$$t -C $$$$d; touch $$@
endef
$(foreach p,$(PORTS),$(eval $(call unpack-rule,$(p))))

# $(call port-rules,PREFIX,SIDE,NAME,FLAGS): foreign files without our warnings, own files with them.
define port-rules
$(eval foreign := $(PORT_FILES_$(3):%=$(OUT)/$(1)/ports/$(3)/%.o))
$(eval own := $(patsubst %,$(OUT)/$(1)/%.o,$(wildcard ports/$(3)/*.c)))
$(eval $(own): EXTRA_CFLAGS += $(call port-own-includes,$(3)) $(PORT_CFLAGS_$(3)))
$(eval $(own): | $(PORT_STAMP_$(3)))
$(eval $(foreign): $(OUT)/$(1)/ports/$(3)/%.o: $(PORT_STAMP_$(3)) mk/flags.mk
	$$(call say,PORT,$$@)mkdir -p $$(@D); $$(CLANG) $(4) $(call port-own-includes,$(3)) $(PORT_CFLAGS_$(3)) -w -MMD -MP \
	 -c $(call port-dir,$(3))/$$* -o $$@)
$(eval $(call archive-rule,$(OUT)/$(1)/lib/libport_$(3).a,$(foreign) $(own)))
endef
