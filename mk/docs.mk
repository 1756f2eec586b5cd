# SPDX-License-Identifier: MIT OR Apache-2.0
# Reference pages: one for each interface, written by capnpc-capos from the schema's doc comments.
.PHONY: docs
docs: $(GENERATED_HEADERS)  ## reference pages and the panic surface in out/docs
	$(call say,DOCS,$(OUT)/docs/reference)rm -rf $(OUT)/docs/reference; mkdir -p $(OUT)/docs/reference; \
	for page in $(OUT)/gen/docs/reference/*.md; do cp "$$page" $(OUT)/docs/reference/; done; \
	{ echo '# Reference'; echo; for page in $(OUT)/docs/reference/*.md; do n=$${page##*/}; \
	 echo "* [$${n%.md}]($$n)"; done; } >$(OUT)/docs/reference/README.md.new; \
	mv $(OUT)/docs/reference/README.md.new $(OUT)/docs/reference/README.md; \
	tools/panic-surface >$(OUT)/docs/panic-surface.md

# What ships and what is in it: SPDX 2.3.
.PHONY: sbom
SBOM_FILES = $(patsubst $(CURDIR)/%,%,$(KERNEL_ELF) $(wildcard $(OUT)/images/default.pkg $(OUT)/iso/default.iso))
sbom: kernel images  ## software bill of materials out/capos.spdx.json
	$(call say,SBOM,$(OUT)/capos.spdx.json)printf '%s\n' $(foreach p,$(PORTS),"$(p) $(PORT_VERSION_$(p)) $(PORT_SHA256_$(p)) $(PORT_LICENCE_$(p))") | \
	tools/sbom $(SBOM_FILES) >$(OUT)/capos.spdx.json

.PHONY: transcripts
transcripts: all  ## play the sessions in documents again, and write down what happened
	$(Q)tools/transcript write README.md docs/guide/shell.md
