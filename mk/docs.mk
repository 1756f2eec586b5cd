# SPDX-License-Identifier: MIT OR Apache-2.0
# Reference pages: one for each interface, written by capnpc-capos from the schema's doc comments.
.PHONY: docs
docs: $(GENERATED_HEADERS)  ## reference pages in out/docs/reference
	$(call say,DOCS,$(OUT)/docs/reference)rm -rf $(OUT)/docs/reference; mkdir -p $(OUT)/docs/reference; \
	for page in $(OUT)/gen/docs/reference/*.md; do cp "$$page" $(OUT)/docs/reference/; done; \
	{ echo '# Reference'; echo; for page in $(OUT)/docs/reference/*.md; do n=$${page##*/}; \
	 echo "* [$${n%.md}]($$n)"; done; } >$(OUT)/docs/reference/README.md.new; \
	mv $(OUT)/docs/reference/README.md.new $(OUT)/docs/reference/README.md
