# SPDX-License-Identifier: MIT OR Apache-2.0
# Schemas: each .capnp becomes a C header and source by our plugin of the stock compiler.  A generated header depends on
# the generated headers of the schemas that its own imports, so a change reaches whoever uses it.

SCHEMAS := $(if $(wildcard tools/capnpc-capos/*.c),$(wildcard schema/*.capnp schema/*/*.capnp))
GENERATED_HEADERS := $(SCHEMAS:%=$(OUT)/gen/%.h)
GENERATED_SOURCES := $(SCHEMAS:%=$(OUT)/gen/%.c)
CAPNPC := $(OUT)/tools/capnpc-capos

$(OUT)/gen/%.capnp.h $(OUT)/gen/%.capnp.c &: %.capnp $(CAPNPC)
	$(call say,CAPNPC,$<)mkdir -p $(@D); \
	sed -n 's/.*import "\([^"]*\.capnp\)".*/\1/p' $< | sort -u | while read -r i; do \
	 case $$i in (/schema/*) i=$${i#/} ;; (/*) continue ;; (*) i=$(<D)/$$i ;; esac; \
	 echo "$(OUT)/gen/$<.h: $$(realpath -m --relative-to=. $(OUT)/gen/$$i.h)"; done > $(OUT)/gen/$<.d; \
	$(CAPNP) compile -I. -o./$(CAPNPC):$(OUT)/gen $<

# Registry data: every schema with its doc comments, for programs that decode calls (packed into each image).
REGISTRY := $(if $(SCHEMAS),$(OUT)/gen/registry.bin)
$(OUT)/gen/registry.bin: $(SCHEMAS) $(CAPNPC)
	$(call say,CAPNPC,$@)mkdir -p $(@D); \
	CAPNPC_CAPOS_REGISTRY=$(CURDIR)/$@ $(CAPNP) compile -I. -o./$(CAPNPC) $(SCHEMAS)
