# SPDX-License-Identifier: MIT OR Apache-2.0
# System images: a typed constant and the programs it names, packed by tools/image.
IMAGE_SOURCES := $(wildcard images/*.capnp tests/images/*.capnp)
IMAGES := $(foreach i,$(IMAGE_SOURCES),$(OUT)/images/$(notdir $(i:.capnp=.pkg)))

images: $(if $(wildcard tools/image/*.c),$(IMAGES))  ## boot packages out/images/NAME.pkg

image-rule = $(OUT)/images/%.pkg: $(1)/%.capnp $(OUT)/tools/image $(PROGRAMS) $(SCHEMAS) $(REGISTRY)
define image-recipe
	$(call say,IMAGE,$@)mkdir -p $(@D); $(OUT)/tools/image build $< -o $@
endef
$(call image-rule,images)
	$(image-recipe)
$(call image-rule,tests/images)
	$(image-recipe)

.PHONY: image-report
image-report: $(OUT)/tools/image $(PROGRAMS)  ## who holds what, for IMAGE
	$(Q)$(OUT)/tools/image report $(firstword $(wildcard images/$(IMAGE).capnp tests/images/$(IMAGE).capnp))
