// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A QEMU TCG plugin (API version 1, QEMU 7.2): the longest stretches of kernel code between leaving user mode (or waking from HLT, or letting
 * interrupts in with STI) and going back to it, or the next such. The kernel runs with interrupts off, so they are what an interrupt may have to wait. One CPU.
 *
 *	-plugin stretch.so,syscall=ADDRESS,traps=ADDRESS,off=ADDRESS,out=FILE
 *
 * ADDRESS, hexadecimal: syscall_entry, the first of 256 trap stubs of 16 bytes each, and arch_poweroff, where counting ends: it waits for the
 * machine to stop, which takes as long as the host likes. One line for each kind of entry at exit:
 * `stretch KIND COUNT LONGEST OVER_10000 OVER_100000 BEGIN FAR`, in guest instructions; the last two say where the longest began and where
 * it was half-way or later, in hexadecimal (llvm-symbolizer knows them). What ran before the first user instruction is the boot
 * and does not count.
 */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>

EXPORT int qemu_plugin_version = 1;

#define KERNEL_HALF 0xffff800000000000ull
#define USER_START 0x10000ull /* firmware and the kernel's first instructions run low, before it is booted */
#define USER_END 0x0000800000000000ull

enum kind { SYSCALL, FAULT, INTERRUPT, KINDS };
static const char *const names[KINDS] = {"syscall", "fault", "interrupt"};

struct block {
	uint64_t address, instructions;
	enum kind kind;        /* if a stretch begins with it */
	bool user, opens, off; /* opens: ends in STI or HLT */
};

static struct {
	uint64_t count, longest, over_10000, over_100000, began, far;
} found[KINDS];
static uint64_t syscall_entry, traps, poweroff;
static uint64_t length, began, far, far_at; /* of this stretch; far: a block half-way or later */
static enum kind kind;
static bool started, booted,
	ended; /* user code has run; the kernel has run at its own addresses; the machine is going off */
static FILE *out;

static void end_stretch(void)
{
	if (length == 0)
		return;
	found[kind].count++;
	found[kind].over_10000 += length > 10000;
	found[kind].over_100000 += length > 100000;
	if (length > found[kind].longest) {
		found[kind].longest = length;
		found[kind].began = began;
		found[kind].far = far;
	}
	length = 0;
}

static void block_runs(unsigned, void *data)
{
	const struct block *block = data;

	if (block->user) {
		started = true;
		end_stretch();
		return;
	}
	ended |= block->off;
	if (!started || ended)
		return;
	if (length == 0) {
		kind = block->kind;
		began = block->address;
		far_at = 1;
	}
	length += block->instructions;
	if (length >= far_at) {
		far = block->address;
		far_at = length * 2;
	}
	if (block->opens)
		end_stretch();
}

static enum kind kind_of(uint64_t address)
{
	uint64_t vector = (address - traps) / 16;

	if (address == syscall_entry || vector > 255)
		return SYSCALL;
	return vector < 32 ? FAULT : INTERRUPT;
}

/* QEMU ends a block behind either. */
static bool is_sti_or_hlt(uint8_t opcode)
{
	return opcode == 0xfb || opcode == 0xf4;
}

static void translate(qemu_plugin_id_t, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	struct block *block = malloc(sizeof(*block));

	if (!block)
		abort();
	booted |= address >= KERNEL_HALF;
	*block = (struct block){
		.address = address,
		.instructions = n,
		.kind = kind_of(address),
		.off = address == poweroff,
		.user = booted && address >= USER_START && address < USER_END,
		.opens = qemu_plugin_insn_size(last) == 1 &&
			 is_sti_or_hlt(*(const uint8_t *)qemu_plugin_insn_data(last)),
	};
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, 0, block);
}

static void finish(qemu_plugin_id_t, void *)
{
	end_stretch();
	for (int i = 0; i < KINDS; i++)
		fprintf(out, "stretch %s %llu %llu %llu %llu %llx %llx\n", names[i],
			(unsigned long long)found[i].count, (unsigned long long)found[i].longest,
			(unsigned long long)found[i].over_10000, (unsigned long long)found[i].over_100000,
			(unsigned long long)found[i].began, (unsigned long long)found[i].far);
	fclose(out);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *, int argc, char **argv)
{
	out = stdout;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "syscall=", 8) == 0)
			syscall_entry = strtoull(argv[i] + 8, nullptr, 16);
		else if (strncmp(argv[i], "traps=", 6) == 0)
			traps = strtoull(argv[i] + 6, nullptr, 16);
		else if (strncmp(argv[i], "off=", 4) == 0)
			poweroff = strtoull(argv[i] + 4, nullptr, 16);
		else if (strncmp(argv[i], "out=", 4) == 0)
			out = fopen(argv[i] + 4, "w");
	}
	if (!out || !syscall_entry || !traps || !poweroff)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, finish, nullptr);
	return 0;
}
