// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A QEMU TCG plugin (API version 1, QEMU 7.2) that counts the guest instructions of each CPU between the marks BEGIN and END of a program:
 * one line `share USER KERNEL USER KERNEL ...` for each such segment, two numbers for each CPU that there is.
 *
 *	-plugin share.so,out=FILE
 *
 * The CPUs must take turns (-icount, or thread=single).
 */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>

EXPORT int qemu_plugin_version = 1;

#define KERNEL_START 0xffff800000000000ull
#define CPUS 64u

struct block {
	uint64_t instructions;
	bool kernel;
};

static uint64_t counts[CPUS][2];
static unsigned cpus = 1; /* that have run so far */
static bool active;
static FILE *out;

static void block_runs(unsigned cpu, void *data)
{
	const struct block *block = data;

	if (!active || cpu >= CPUS)
		return;
	cpus = cpu + 1 > cpus ? cpu + 1 : cpus;
	counts[cpu][block->kernel] += block->instructions;
}

static void begins(unsigned, void *)
{
	memset(counts, 0, sizeof(counts));
	active = true;
}

static void ends(unsigned, void *)
{
	active = false;
	fprintf(out, "share");
	for (unsigned i = 0; i < cpus; i++)
		fprintf(out, " %llu %llu", (unsigned long long)counts[i][0],
			(unsigned long long)counts[i][1]);
	fprintf(out, "\n");
	fflush(out);
}

static void translated(qemu_plugin_id_t, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block = malloc(sizeof(*block));

	if (!block)
		abort();
	*block = (struct block){count, qemu_plugin_tb_vaddr(tb) >= KERNEL_START};
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, CALLBACK_NO_REGS, block);
	for (size_t i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned code = mark_code(insn);

		if (code == MARK_BEGIN || code == MARK_END)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, code == MARK_BEGIN ? begins : ends,
							       CALLBACK_NO_REGS, nullptr);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "out=", 4) == 0)
			out = fopen(argv[i] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
