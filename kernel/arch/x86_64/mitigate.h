// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Mitigations of speculation: which ones this processor needs, which were asked for on the kernel's command line, and making it
 * so. mitigate_decide.c decides, from facts alone; mitigate.c reads the facts, patches the code (patch.h) and sets up each CPU.
 *
 * The word mitigations=LIST of the command line: auto (what the processor needs; the default), all or none, then names, each
 * with a "-" before it to turn it off; separated by commas.
 */
#pragma once

#include <arch/platform.h>

enum mitigation : uint8_t {
	MITIGATE_ISOLATION,
	MITIGATE_BRANCHES,
	MITIGATE_HISTORY,
	MITIGATE_ENTRY_BARRIER,
	MITIGATE_BARRIER,
	MITIGATE_RETURNS,
	MITIGATE_THREADS,
	MITIGATE_BUFFERS,
	MITIGATE_STORES,
	MITIGATIONS, /* the rest is in the code, for good */
};

/* What decides: CPUID, IA32_ARCH_CAPABILITIES (SDM vol. 4, table 2-2). */
struct mitigate_facts {
	bool emulated, intel, amd; /* amd: and Hygon. Neither: all is taken to be needed */
	unsigned family;
	uint64_t capabilities; /* 0: it does not say */
	bool ibrs, ibrs_always, auto_ibrs, ibpb, stibp, ssbd, history_control;
	bool verw_clears, transactions, threads;
	bool amd_no_return_stack_trouble, amd_no_buffer_trouble; /* SRSO_NO; TSA_SQ_NO and TSA_L1_NO */
};

struct mitigate_plan {
	struct arch_mitigation report[MITIGATIONS];
	uint32_t patches;                /* PATCH_* */
	uint64_t spec_kernel, spec_user; /* for IA32_SPEC_CTRL; equal if nothing is written on entry */
	bool spec_write, auto_ibrs;
	bool unknown_word;
};

/* `words`: the command line. */
void mitigate_decide(const struct mitigate_facts *facts, const char *words, struct mitigate_plan *plan);

/* Once, on the boot page tables, where the code can be written: after the command line is known, before paging_init. */
void mitigate_init(void);
void mitigate_setup(void); /* on each CPU */
bool mitigate_isolates(void);
bool mitigate_guards(void); /* entry or exit lead over porch.S */
