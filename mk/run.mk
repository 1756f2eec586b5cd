# SPDX-License-Identifier: MIT OR Apache-2.0
# Running a system in QEMU.

IMAGE ?= default
SMP ?= 2
MEM ?= 256
MACHINE ?= q35
APPEND ?=
IMAGE_PKG := $(OUT)/images/$(IMAGE).pkg
MACHINE_OPTIONS = --machine $(MACHINE) --smp $(SMP) --mem $(MEM) --log $(OUT)/run/log.txt $(if $(APPEND),--append '$(APPEND)')

.PHONY: run run-iso debug iso
run: $(KERNEL_ELF) $(IMAGE_PKG) $(OUT)/tools/machine  ## boot IMAGE; terminal = COM1, log in out/run/log.txt; at a terminal Ctrl-A x ends QEMU
	$(Q)exec $(OUT)/tools/machine -- tools/qemu --kernel $(KERNEL_ELF) --initrd $(IMAGE_PKG) $(MACHINE_OPTIONS) -- $(QEMU_ARGS)

debug: $(KERNEL_ELF) $(IMAGE_PKG)  ## boot under gdb, with symbols of the kernel and (command `program`) of programs
	$(Q)mkdir -p $(OUT)/run; socket=$$(mktemp -u $(OUT)/run/gdb.XXXXXX); \
	tools/qemu --kernel $(KERNEL_ELF) --initrd $(IMAGE_PKG) $(MACHINE_OPTIONS) --gdb $$socket </dev/null >$(OUT)/run/console.txt & \
	qemu=$$!; trap "kill $$qemu 2>/dev/null; rm -f $$socket" EXIT; \
	for i in $$(seq 50); do [ -S $$socket ] && break; sleep 0.1; done; \
	echo 'console: out/run/console.txt, log: out/run/log.txt'; \
	gdb -q -x tools/gdb/capos.gdb -ex 'file $(KERNEL_ELF)' -ex "target remote $$socket" $(GDB_ARGS)

# A GRUB (multiboot2) image from the same ELF. Put together by hand rather than by grub-mkrescue, which writes the time of the build
# into it: the same sources give the same bytes (`make reproducible`).
iso: $(OUT)/iso/$(IMAGE).iso  ## a bootable GRUB image out/iso/IMAGE.iso

run-iso: iso $(OUT)/tools/machine  ## boot that image
	$(Q)exec $(OUT)/tools/machine -- tools/qemu --iso $(OUT)/iso/$(IMAGE).iso $(MACHINE_OPTIONS) -- $(QEMU_ARGS)

GRUB := /usr/lib/grub/i386-pc
ISO_DATE := 1577836800 # 2020-01-01; of every file and of the image
$(OUT)/iso/%.iso: $(OUT)/images/%.pkg $(KERNEL_ELF) mk/run.mk
	$(call say,ISO,$@)d=$(OUT)/iso/$*; rm -rf $$d; mkdir -p $$d/boot; \
	$(OBJCOPY) --strip-all $(KERNEL_ELF) $$d/boot/kernel.elf; cp $< $$d/boot/image.pkg; \
	printf '%s\n' 'multiboot2 /boot/kernel.elf' 'module2 /boot/image.pkg' boot >$(OUT)/iso/$*.cfg; \
	{ grub-mkimage -O i386-pc-eltorito -d $(GRUB) -p /boot -c $(OUT)/iso/$*.cfg -o $$d/boot/eltorito.img \
	   biosdisk iso9660 multiboot2 && \
	  find $$d -exec touch -h -d @$(ISO_DATE) {} + && \
	  TZ=UTC SOURCE_DATE_EPOCH=$(ISO_DATE) xorriso -as mkisofs -quiet -r -V CAPOS -b boot/eltorito.img -no-emul-boot -boot-load-size 4 \
	   -boot-info-table --grub2-boot-info --grub2-mbr $(GRUB)/boot_hybrid.img -o $@ $$d; \
	} >$(OUT)/iso/$*.log 2>&1 || { tail -20 $(OUT)/iso/$*.log; rm -f $@; exit 1; }
