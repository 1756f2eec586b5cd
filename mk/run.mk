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

# A GRUB (multiboot2) image from the same ELF; grub-mkrescue writes the date of the build into it.
iso: $(OUT)/iso/$(IMAGE).iso  ## a bootable GRUB image out/iso/IMAGE.iso

run-iso: iso $(OUT)/tools/machine  ## boot that image
	$(Q)exec $(OUT)/tools/machine -- tools/qemu --iso $(OUT)/iso/$(IMAGE).iso $(MACHINE_OPTIONS) -- $(QEMU_ARGS)

$(OUT)/iso/%.iso: $(OUT)/images/%.pkg $(KERNEL_ELF) mk/run.mk
	$(call say,ISO,$@)d=$(OUT)/iso/$*; rm -rf $$d; mkdir -p $$d/boot/grub; \
	$(OBJCOPY) --strip-all $(KERNEL_ELF) $$d/boot/kernel.elf; cp $< $$d/boot/image.pkg; \
	printf '%s\n' 'set timeout=0' 'set default=0' 'menuentry capOS {' 'multiboot2 /boot/kernel.elf' \
	 'module2 /boot/image.pkg' 'boot' '}' >$$d/boot/grub/grub.cfg; \
	grub-mkrescue --locales= --fonts= --themes= --install-modules='normal multiboot2 iso9660 biosdisk part_msdos configfile' \
	 -o $@ $$d >$(OUT)/iso/$*.log 2>&1 || { tail -20 $(OUT)/iso/$*.log; exit 1; }
