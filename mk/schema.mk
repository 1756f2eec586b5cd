# SPDX-License-Identifier: MIT OR Apache-2.0
# Schemas: each .capnp becomes a C header and source by our plugin of the stock compiler.  A generated header depends on
# the schemas that its own imports, so a change reaches whoever uses it.

SCHEMAS := $(if $(wildcard tools/capnpc-capos/*.c),$(wildcard schema/*.capnp schema/*/*.capnp))
GENERATED_HEADERS := $(SCHEMAS:%=$(OUT)/gen/%.h)
GENERATED_SOURCES := $(SCHEMAS:%=$(OUT)/gen/%.c)
CAPNPC := $(OUT)/tools/capnpc-capos

$(OUT)/gen/%.capnp.h $(OUT)/gen/%.capnp.c &: %.capnp $(CAPNPC) tools/schema-imports
	$(call say,CAPNPC,$<)mkdir -p $(@D); \
	tools/schema-imports $< | sed 's|.*|$(OUT)/gen/$<.h: &\n&:|' >$(OUT)/gen/$<.d; \
	$(CAPNP) compile -I. -o./$(CAPNPC):$(OUT)/gen $<

# Registry data: every schema with its doc comments, for programs that decode calls (packed into each image).
REGISTRY := $(if $(SCHEMAS),$(OUT)/gen/registry.bin)
$(OUT)/gen/registry.bin: $(SCHEMAS) $(CAPNPC)
	$(call say,CAPNPC,$@)mkdir -p $(@D); \
	CAPNPC_CAPOS_REGISTRY=$(CURDIR)/$@ $(CAPNP) compile -I. -o./$(CAPNPC) $(SCHEMAS)
