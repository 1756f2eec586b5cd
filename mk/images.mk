# SPDX-License-Identifier: MIT OR Apache-2.0
# System images: a typed constant and the programs it names, packed by tools/image.
IMAGE_SOURCES := $(wildcard images/*.capnp tests/images/*.capnp)
IMAGES := $(foreach i,$(IMAGE_SOURCES),$(OUT)/images/$(notdir $(i:.capnp=.pkg)))

images: $(if $(wildcard tools/image/*.c),$(IMAGES))  ## boot packages out/images/NAME.pkg

# An image waits for the programs whose names stand in it (for all, if it imports another), not for the whole tree.
image-programs = $(if $(findstring import ",$(subst import "/schema,,$(file <$(1)))),$(PROGRAMS),$(foreach \
	p,$(PROGRAMS),$(if $(findstring "$(notdir $(p))",$(file <$(1))),$(p))))
# What lies in folders that images may pack.
IMAGE_FOLDERS := $(if $(wildcard images/folders tests/images/folders),$(shell find images/folders -type f))
define image-rule
$(OUT)/images/$(notdir $(1:.capnp=.pkg)): $(1) $(OUT)/tools/image $(filter %/init,$(PROGRAMS)) $(call image-programs,$(1)) $(SCHEMAS) $(REGISTRY) $(wildcard images/files/*) $(IMAGE_FOLDERS)
	$$(call say,IMAGE,$$@)mkdir -p $$(@D); $(OUT)/tools/image build $$< -o $$@
endef
$(foreach i,$(IMAGE_SOURCES),$(eval $(call image-rule,$(i))))

.PHONY: image-report
IMAGE_SOURCE = $(firstword $(wildcard images/$(IMAGE).capnp tests/images/$(IMAGE).capnp))
image-report: $(OUT)/tools/image $(OUT)/images/$(or $(IMAGE),default).pkg  ## who holds what, for IMAGE
	$(Q)$(OUT)/tools/image report $(IMAGE_SOURCE)
