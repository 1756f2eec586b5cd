// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A QEMU TCG plugin (API version 1, QEMU 7.2) that counts guest instructions; one CPU.
 *
 *	-plugin count.so,entry=ADDRESS,out=FILE[,stop=1]
 *
 * - Boot: `boot KEY N` lines for instructions from reset to the kernel's entry (ADDRESS, hexadecimal; 0: unknown), and to the first
 *   instruction at a user address after the kernel has run at its own. `total` at exit. With stop=1, QEMU ends there.
 * - Profile: what runs between the marks BEGIN and END of programs/bench/bench.h is a segment. For each, in order, one
 *   line `segment`, and `block ADDRESS INSTRUCTIONS COUNT` for each translation block that ran in it.
 *   A `here CODE ADDRESS` line tells where a marked instruction of a program was; tests/bench/profile.c turns that
 *   into the program's load address.
 */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

EXPORT int qemu_plugin_version = 1;

#define KERNEL_START 0xffff800000000000ull
#define USER_START 0x10000ull
#define USER_END 0x0000800000000000ull

struct block {
	uint64_t address, instructions, count;
	struct block *next;
};

static struct block *blocks;
static uint64_t total;
static uint64_t entry;
static bool active, stop_at_user;
static enum { AT_RESET, AT_ENTRY, IN_KERNEL, IN_USER } stage;
static FILE *out;

static void note(const char *key)
{
	fprintf(out, "boot %s %llu\n", key, (unsigned long long)total);
	fflush(out);
}

/* One comparison for most blocks: after the boot, only a profile wants them. */
static void block_runs(unsigned, void *data)
{
	struct block *block = data;

	if (active)
		block->count++;
	if (stage == IN_USER)
		return;
	if (stage == AT_RESET && block->address == entry) {
		stage = AT_ENTRY;
		note("entry");
	} else if ((stage == AT_ENTRY || !entry) && block->address >= KERNEL_START && stage < IN_KERNEL) {
		stage = IN_KERNEL;
	} else if (stage == IN_KERNEL && block->address >= USER_START && block->address < USER_END) {
		stage = IN_USER;
		note("user");
		if (stop_at_user)
			_exit(0);
	}
}

static void dump(void)
{
	fprintf(out, "segment\n");
	for (struct block *b = blocks; b; b = b->next) {
		if (b->count)
			fprintf(out, "block %llx %llu %llu\n", (unsigned long long)b->address,
				(unsigned long long)b->instructions, (unsigned long long)b->count);
		b->count = 0;
	}
	fflush(out);
}

static void mark_runs(unsigned, void *data)
{
	const struct block *mark = data; /* address of the instruction; its code in `count` */

	if (mark->count == MARK_BEGIN) {
		active = true;
	} else if (mark->count == MARK_END) {
		active = false;
		dump();
	} else {
		fprintf(out, "here %llu %llx\n", (unsigned long long)mark->count,
			(unsigned long long)mark->address);
	}
}

static struct block *new_block(uint64_t address, uint64_t instructions, uint64_t count)
{
	struct block *block = malloc(sizeof(*block));

	if (!block)
		abort();
	*block = (struct block){address, instructions, count, nullptr};
	return block;
}

static void translated(qemu_plugin_id_t, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block = new_block(qemu_plugin_tb_vaddr(tb), count, 0);

	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, CALLBACK_NO_REGS, block);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &total, count);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned code = mark_code(insn);

		if (code)
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, mark_runs, CALLBACK_NO_REGS,
				new_block(qemu_plugin_insn_vaddr(insn), 1, code));
	}
}

static void ended(qemu_plugin_id_t, void *)
{
	note("total");
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "entry=", 6) == 0)
			entry = strtoull(argv[i] + 6, nullptr, 16);
		else if (strncmp(argv[i], "out=", 4) == 0)
			out = fopen(argv[i] + 4, "w");
		else if (strcmp(argv[i], "stop=1") == 0)
			stop_at_user = true;
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, nullptr);
	return 0;
}
