// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A QEMU TCG plugin (API version 1, QEMU 7.2): how many 4 KiB pages are touched between two switches of the address space, one CPU.
 * Under TCG such a switch empties the translation caches, so each page touched afterwards costs a walk of the page tables; a real
 * processor without address-space numbers pays likewise.
 *
 *	-plugin pages.so,out=FILE
 *
 * What runs between the marks BEGIN and END of programs/bench/bench.h is a segment. For each, in order, `segment SWITCHES MILLIPAGES MILLIBLOCKS`
 * (spans that a MOV to CR3 ended; pages and distinct translation blocks of such a span, mean times 1000), then for each page touched in over a
 * quarter of the spans `page ADDRESS PER_MILLE code|data`.
 */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>

EXPORT int qemu_plugin_version = 1;

enum { SLOTS = 1 << 16, PAGE_BITS = 12 };

struct page {
	uint64_t key;   /* address, bit 0: code; bit 1: a block rather than a page */
	uint64_t last;  /* the span that it was last touched in */
	uint64_t spans; /* in how many it was */
};

static struct page pages[SLOTS];
static uint64_t span = 1, first_span, touched, ran;
static bool active;
static FILE *out;

/* Whether this is the first time in this span. */
static bool touch(uint64_t key)
{
	uint64_t at = (key * 0x9e3779b97f4a7c15ull) >> 48;

	while (pages[at].key != 0 && pages[at].key != key)
		at = (at + 1) % SLOTS;
	pages[at].key = key;
	if (pages[at].last == span)
		return false;
	pages[at].last = span;
	pages[at].spans++;
	return true;
}

static void block_runs(unsigned, void *data)
{
	uint64_t address = (uint64_t)data;

	if (!active)
		return;
	ran += touch(address << 2 | 2);
	touched += touch(address >> PAGE_BITS << PAGE_BITS | 1);
}

static void memory_used(unsigned, qemu_plugin_meminfo_t, uint64_t address, void *)
{
	if (active)
		touched += touch(address >> PAGE_BITS << PAGE_BITS);
}

static void space_switched(unsigned, void *)
{
	span++;
}

static int compare(const void *left, const void *right)
{
	const struct page *l = left, *r = right;

	return l->key < r->key ? -1 : l->key > r->key;
}

static void dump(void)
{
	uint64_t spans = span - first_span;

	fprintf(out, "segment %lu %lu %lu\n", spans, spans ? touched * 1000 / spans : 0,
		spans ? ran * 1000 / spans : 0);
	qsort(pages, SLOTS, sizeof(pages[0]), compare);
	for (size_t i = 0; i < SLOTS && spans > 4; i++) {
		if (!(pages[i].key & 2) && pages[i].spans * 4 > spans)
			fprintf(out, "page %lx %lu %s\n", pages[i].key & ~(uint64_t)3,
				pages[i].spans * 1000 / spans, pages[i].key & 1 ? "code" : "data");
	}
}

static void mark_runs(unsigned, void *data)
{
	uint64_t code = (uint64_t)data;

	if (code == MARK_BEGIN) {
		memset(pages, 0, sizeof(pages));
		touched = ran = 0;
		first_span = span;
		active = true;
	} else if (code == MARK_END) {
		active = false;
		dump();
	}
}

static bool writes_cr3(const uint8_t *bytes, size_t size)
{
	return size == 3 && bytes[0] == 0x0f && bytes[1] == 0x22 && (bytes[2] & 0xf8) == 0xd8;
}

static void translated(qemu_plugin_id_t, struct qemu_plugin_tb *tb)
{
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, CALLBACK_NO_REGS,
					     (void *)qemu_plugin_tb_vaddr(tb));
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *bytes = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		unsigned code = mark_code(insn);

		qemu_plugin_register_vcpu_mem_cb(insn, memory_used, CALLBACK_NO_REGS, MEMORY_READ_WRITE,
						 nullptr);
		if (code)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_runs, CALLBACK_NO_REGS,
							       (void *)(uint64_t)code);
		if (writes_cr3(bytes, size))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, space_switched, CALLBACK_NO_REGS,
							       nullptr);
	}
}

static void ended(qemu_plugin_id_t, void *)
{
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			out = fopen(argv[i] + 4, "w");
	}
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, nullptr);
	return 0;
}
