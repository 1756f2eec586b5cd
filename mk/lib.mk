# SPDX-License-Identifier: MIT OR Apache-2.0
# Libraries: lib/NAME for each side in lib/NAME/sides; lib/NAME/SIDE/ holds what only that side compiles.
# Two archives come with every side: libschema.a (all generated sources) and those of ports.

LIBS := $(sort $(patsubst lib/%/,%,$(dir $(wildcard lib/*/sides))))
$(foreach l,$(LIBS),$(eval SIDES_$(l) := $(call words-of,lib/$(l)/sides)))
libs-of = $(foreach l,$(LIBS),$(if $(filter $(1),$(SIDES_$(l))),$(l)))
# A library may be headers only; its include path counts on every side it names.
includes-of = $(foreach l,$(call libs-of,$(1)),-Ilib/$(l)/include)

# $(call library,PREFIX,SIDE,NAME)
define library
$(eval objs := $(patsubst %,$(OUT)/$(1)/%.o,$(call sources,lib/$(3) lib/$(3)/$(2))))
$(eval $(call archive-rule,$(OUT)/$(1)/lib/lib$(3).a,$(objs)))
$(eval $(objs): EXTRA_CFLAGS += $(call port-includes,lib/$(3)))
$(if $(call words-of,lib/$(3)/needs-ports),$(eval $(objs): | $(foreach p,$(call words-of,lib/$(3)/needs-ports),$(PORT_STAMP_$(p)))))
endef

# Tools' libraries wait for generated headers, except those by which the headers are generated.
CAPNPC_LIBS := $(call words-of,tools/capnpc-capos/libs)
$(foreach l,$(filter-out $(CAPNPC_LIBS),$(call libs-of,host)),$(eval \
	$(patsubst %,$(OUT)/tools-obj/%.o,$(call sources,lib/$(l) lib/$(l)/host)): | $(GENERATED_HEADERS)))

# $(call libraries,PREFIX,SIDE,FLAGS): rules, and ARCHIVES_PREFIX
define libraries
$(foreach p,$(PORTS),$(if $(filter $(2),$(PORT_SIDES_$(p))),$(call port-rules,$(1),$(2),$(p),$(3))))
$(foreach l,$(call libs-of,$(2)),$(call library,$(1),$(2),$(l)))
$(eval $(call archive-rule,$(OUT)/$(1)/lib/libschema.a,$(GENERATED_SOURCES:$(OUT)/gen/%=$(OUT)/$(1)/gen/%.o)))
$(eval ARCHIVES_$(1) := $(foreach l,$(call libs-of,$(2)),$(OUT)/$(1)/lib/lib$(l).a) $(OUT)/$(1)/lib/libschema.a \
	$(call port-libraries,$(1),$(2)))
endef
