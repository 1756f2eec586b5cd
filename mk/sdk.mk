# SPDX-License-Identifier: MIT OR Apache-2.0
# The SDK: what a person needs to write for capOS without this tree. out/sdk/capos-sdk-VERSION is relocatable; the tarball and the
# Debian package hold the same. docs/guide/sdk.md; tests/sdk plays it. The version is the system's.

VERSION := $(shell sed -n 's/^\#define CAPOS_VERSION "\(.*\)".*/\1/p' kernel/object/system_info.c)
SDK := $(OUT)/sdk/capos-sdk-$(VERSION)
SDK_TOOLS := $(addprefix $(OUT)/tools/,capnpc-capos image machine capos-trace capos-dump)
SDK_HOST_LIBS := $(filter %/libmessage.a %/librpc.a %/libfmt.a %/libregistry.a %/libschema.a,$(foreach l,$(call libs-of,host) schema,$(OUT)/tools-obj/lib/lib$(l).a))
SDK_PROGRAMS := $(filter-out $(PROGRAM_ALIASES) $(addprefix $(OUT)/user/bin/,$(notdir $(wildcard tests/programs/*))),$(PROGRAMS))
SDK_DATE := 1577836800 # of every file, so that the same sources give the same bytes
SDK_CFLAGS = $(filter-out -I% -ffile-prefix-map% -fdebug-compilation-dir% -g,$(USER_CFLAGS))
SDK_LIBC := $(foreach l,$(call libs-of,libc),$(OUT)/posix/lib/lib$(l).a) $(OUT)/libc/lib/libport_musl.a $(LIBC_REST)
SDK_LIBC_CFLAGS = $(filter-out -I% -ffile-prefix-map% -fdebug-compilation-dir% -g -isystem $(OUT)/%,$(FLAGS_libc))
SDK_LDFLAGS = $(filter-out --thinlto-cache%,$(USER_LDFLAGS))

.PHONY: sdk sdk-dry-run
sdk: $(SDK).tar.gz $(SDK).deb  ## the SDK: a tarball and a Debian package, in out/sdk

sdk-dry-run: sdk  ## what would be published, and a project made with it from nothing
	$(Q)cat $(OUT)/sdk/contents.txt; tests/sdk/run.sh

$(SDK)/.made: $(wildcard sdk/* sdk/bin/* sdk/template*/* sdk/template*/*/*) mk/sdk.mk mk/flags.mk $(ARCHIVES_user) $(SDK_LIBC) $(SDK_HOST_LIBS) $(SDK_TOOLS) \
		$(SDK_PROGRAMS) $(KERNEL_ELF) $(OUT)/images/default.pkg $(REGISTRY) $(GENERATED_HEADERS) tools/qemu
	$(call say,SDK,$(@D))rm -rf $(@D); \
	mkdir -p $(@D)/{bin,include/schema,lib/{capos,host,pkgconfig},libexec/capos,share/{capos/{programs,images},doc/capos}}; \
	cp sdk/bin/* $(@D)/bin/; cp $(OUT)/tools/capos-{trace,dump} $(@D)/bin/; \
	cp $(OUT)/tools/{capnpc-capos,image,machine} tools/qemu $(@D)/libexec/capos/; \
	cp -r abi/include/abi $(foreach l,$(call libs-of,user),$(wildcard lib/$(l)/include/*)) $(@D)/include/; \
	(cd $(OUT)/gen/schema && find . -name '*.h' -print0 | tar -c --null -T -) | tar -x -C $(@D)/include/schema; \
	mkdir -p $(@D)/{include,lib}/libc; cp $(foreach l,$(call libs-of,libc),$(OUT)/posix/lib/lib$(l).a) $(@D)/lib/libc/; \
	$(AR) qcsDL $(@D)/lib/libc/libc.a $(OUT)/libc/lib/libport_musl.a $(LIBC_REST); \
	for d in arch/generic arch/x86_64 obj/include; do cp -r $(call port-dir,musl)/$$d/bits $(@D)/include/libc/; done; \
	cp -r $(call port-dir,musl)/include/* $(@D)/include/libc/; find $(@D)/include/libc -type f ! -name '*.h' -delete; \
	echo '$(SDK_LIBC_CFLAGS)' >$(@D)/lib/capos/cflags-libc; cp $(call port-dir,musl)/COPYRIGHT $(@D)/share/doc/capos/COPYRIGHT-musl; \
	cp $(ARCHIVES_user) $(@D)/lib/; cp $(SDK_HOST_LIBS) $(@D)/lib/host/; \
	cp $(USER_LD) $(KERNEL_ELF) $(@D)/lib/capos/; \
	echo '$(SDK_CFLAGS)' >$(@D)/lib/capos/cflags; echo '$(SDK_LDFLAGS)' >$(@D)/lib/capos/ldflags; \
	sed -e 's|@VERSION@|$(VERSION)|; s|@CFLAGS@|$(SDK_CFLAGS)|; s|@LIBS@|$(patsubst lib%.a,-l%,$(notdir $(ARCHIVES_user)))|' \
	 sdk/capos.pc.in >$(@D)/lib/pkgconfig/capos.pc; \
	cp -r schema $(@D)/share/capos/; cp -r sdk/template sdk/template-libc sdk/project.mk $(REGISTRY) $(@D)/share/capos/; \
	cp $(SDK_PROGRAMS) $(@D)/share/capos/programs/; cp images/default.capnp $(OUT)/images/default.pkg $(@D)/share/capos/images/; \
	cp -r LICENSE-* docs/guide docs/abi.md docs/caveats.md $(OUT)/gen/docs/reference $(@D)/share/doc/capos/; \
	touch $@

$(SDK).tar.gz: $(SDK)/.made
	$(call say,TAR,$@)tar -C $(OUT)/sdk --sort=name --mtime=@$(SDK_DATE) --owner=0 --group=0 --numeric-owner --exclude=.made \
	 -c $(notdir $(SDK)) | gzip -9n >$@; tar -tzf $@ >$(OUT)/sdk/contents.txt

# Below /usr/lib/capos-sdk, with its commands in /usr/bin: they find the rest by where they really are.
$(SDK).deb: $(SDK)/.made
	$(call say,DEB,$@)d=$(OUT)/sdk/deb; rm -rf $$d; mkdir -p $$d/DEBIAN $$d/usr/lib $$d/usr/bin; cp -r $(SDK) $$d/usr/lib/capos-sdk; \
	rm $$d/usr/lib/capos-sdk/.made; for c in $(SDK)/bin/*; do ln -s ../lib/capos-sdk/bin/$${c##*/} $$d/usr/bin/$${c##*/}; done; \
	printf '%s\n' 'Package: capos-sdk' 'Version: $(VERSION)' 'Architecture: amd64' 'Section: devel' 'Priority: optional' \
	 'Maintainer: capOS' 'Depends: bash, make, clang-19, lld-19, llvm-19, libclang-rt-19-dev, capnproto, qemu-system-x86' \
	 'Description: compiler wrapper, libraries, schemas and a runner for capOS programs' >$$d/DEBIAN/control; \
	find $$d -exec touch -h -d @$(SDK_DATE) {} +; SOURCE_DATE_EPOCH=$(SDK_DATE) dpkg-deb --root-owner-group -b $$d $@ >/dev/null
