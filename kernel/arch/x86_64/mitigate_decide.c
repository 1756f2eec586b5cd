// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Which mitigations: from facts about the processor and words of the command line, nothing else, so that a test can show what
 * each kind of processor gets (tests/mitigate_test.c).
 *
 * Sources: Intel, "Affected Processors" and the SDM's IA32_ARCH_CAPABILITIES; AMD, "Software techniques for managing speculation"
 * and the bulletins for CVE-2022-29900, CVE-2023-20569 and CVE-2024-36350.
 */
#include "mitigate.h"
#include "patch.h"

#define CAP_RDCL_NO 0x1ull
#define CAP_IBRS_ALL 0x2ull
#define CAP_SSB_NO 0x10ull
#define CAP_MDS_NO 0x20ull
#define CAP_TAA_NO 0x100ull
#define CAP_STALE_NO 0xe000ull /* SBDR_SSDP_NO, FBSDP_NO, PSDP_NO */
#define CAP_FB_CLEAR 0x20000ull
#define CAP_BHI_NO 0x100000ull
#define CAP_RFDS_CLEAR 0x10000000ull

#define SPEC_IBRS 0x1ull
#define SPEC_STIBP 0x2ull
#define SPEC_SSBD 0x4ull
#define SPEC_HISTORY 0x400ull

enum wish : uint8_t { WISH_AUTO, WISH_ON, WISH_OFF };

static const char *const names[MITIGATIONS] = {
	[MITIGATE_ISOLATION] = "isolation",    [MITIGATE_BRANCHES] = "branches",
	[MITIGATE_HISTORY] = "branch-history", [MITIGATE_ENTRY_BARRIER] = "entry-barrier",
	[MITIGATE_BARRIER] = "switch-barrier", [MITIGATE_RETURNS] = "return-stack",
	[MITIGATE_THREADS] = "threads",        [MITIGATE_BUFFERS] = "buffers",
	[MITIGATE_STORES] = "stores",
};

/* What is known about one: whether it can be done at all, whether the processor needs it, and why (not). */
struct finding {
	bool possible, needed;
	const char *why;
};

static bool is_word(const char *at, unsigned length, const char *word)
{
	unsigned n = 0;

	while (n < length && word[n] && at[n] == word[n])
		n++;
	return n == length && !word[n];
}

static void set_all(enum wish wishes[MITIGATIONS], enum wish wish)
{
	for (unsigned i = 0; i < MITIGATIONS; i++)
		wishes[i] = wish;
}

static bool apply_word(const char *at, unsigned length, enum wish wishes[MITIGATIONS])
{
	bool off = length > 0 && *at == '-';

	if (is_word(at, length, "auto"))
		set_all(wishes, WISH_AUTO);
	else if (is_word(at, length, "all"))
		set_all(wishes, WISH_ON);
	else if (is_word(at, length, "none"))
		set_all(wishes, WISH_OFF);
	else {
		for (unsigned i = 0; i < MITIGATIONS; i++)
			if (is_word(at + off, length - off, names[i])) {
				wishes[i] = off ? WISH_OFF : WISH_ON;
				return true;
			}
		return false;
	}
	return true;
}

static bool read_words(const char *at, enum wish wishes[MITIGATIONS])
{
	static const char key[] = "mitigations=";
	bool known = true;

	while (*at) {
		unsigned n = 0;

		while (*at == ' ')
			at++;
		while (key[n] && at[n] == key[n])
			n++;
		if (!key[n])
			for (at += n; *at && *at != ' '; at += *at == ',') {
				for (n = 0; at[n] && at[n] != ' ' && at[n] != ',';)
					n++;
				known = apply_word(at, n, wishes) && known;
				at += n;
			}
		while (*at && *at != ' ')
			at++;
	}
	return known;
}

static struct finding find_isolation(const struct mitigate_facts *f)
{
	if (f->amd)
		return (struct finding){true, false, "processors of AMD check rights before they load"};
	if (f->capabilities & CAP_RDCL_NO)
		return (struct finding){true, false, "the processor says RDCL_NO"};
	return (struct finding){true, true, "the processor may load what it must not (Meltdown)"};
}

static struct finding find_branches(const struct mitigate_facts *f)
{
	bool possible = f->ibrs || f->auto_ibrs;

	return (struct finding){
		possible, true,
		possible ? "indirect branches of the kernel are not predicted by what user code did"
			 : "the processor offers no control of branch prediction"};
}

static struct finding find_history(const struct mitigate_facts *f)
{
	if (f->amd)
		return (struct finding){true, false,
					"processors of AMD do not predict across modes by history"};
	if (f->capabilities & CAP_BHI_NO)
		return (struct finding){true, false, "the processor says BHI_NO"};
	return (struct finding){true, true, "predictions depend on branches that user code took"};
}

static struct finding find_entry_barrier(const struct mitigate_facts *f)
{
	bool needed = f->amd && (f->family == 0x15 || f->family == 0x17 || f->family == 0x18 ||
				 (f->family == 0x19 && !f->amd_no_return_stack_trouble));

	if (!needed)
		return (struct finding){f->ibpb, false,
					"returns of the kernel are not predicted by what user code did"};
	return (struct finding){
		f->ibpb, true,
		f->ibpb ? "returns may be predicted by what user code did (Retbleed, Inception)"
			: "the processor offers no barrier"};
}

static struct finding find_barrier(const struct mitigate_facts *f)
{
	return (struct finding){f->ibpb, true,
				f->ibpb ? "one process's branches are not predicted by another's"
					: "the processor offers no barrier"};
}

static struct finding find_returns(const struct mitigate_facts *f)
{
	(void)f;
	return (struct finding){true, true, "one process's returns are not predicted by another's calls"};
}

static struct finding find_threads(const struct mitigate_facts *f)
{
	if (!f->threads)
		return (struct finding){f->stibp, false, "no two CPUs share a core"};
	if (f->intel && (f->capabilities & CAP_IBRS_ALL))
		return (struct finding){f->stibp, false, "IBRS covers it on this processor"};
	return (struct finding){
		f->stibp, true,
		f->stibp ? "branches are not predicted by what the other thread of the core did"
			 : "the processor offers no control of it"};
}

static struct finding find_buffers(const struct mitigate_facts *f)
{
	uint64_t c = f->capabilities;
	bool needed;

	if (f->amd)
		needed = f->verw_clears && !f->amd_no_buffer_trouble;
	else
		needed = !(c & CAP_MDS_NO) || (f->transactions && !(c & CAP_TAA_NO)) ||
			 ((c & CAP_FB_CLEAR) && (c & CAP_STALE_NO) != CAP_STALE_NO) || (c & CAP_RFDS_CLEAR);
	if (!needed)
		return (struct finding){true, false, "no buffer of the processor keeps data for others"};
	return (struct finding){
		true, true,
		f->verw_clears ? "buffers of the processor may keep data for others (MDS, TAA, RFDS, TSA)"
			       : "buffers may keep data for others; it is not said that VERW clears them"};
}

static struct finding find_stores(const struct mitigate_facts *f)
{
	if (f->capabilities & CAP_SSB_NO)
		return (struct finding){f->ssbd, false, "the processor says SSB_NO"};
	return (struct finding){
		f->ssbd, false,
		f->ssbd ? "what must not be read is in another address space"
			: "what must not be read is in another address space; and there is no control of it"};
}

static void settle(struct arch_mitigation *r, struct finding found, enum wish wish, bool emulated)
{
	r->forced = wish != WISH_AUTO;
	r->reason = found.why;
	if (wish == WISH_OFF)
		r->state = ARCH_MITIGATION_OFF;
	else if (wish == WISH_AUTO && emulated) {
		r->state = ARCH_MITIGATION_NOT_NEEDED;
		r->reason = "the processor is emulated, and does not speculate";
	} else if (wish == WISH_AUTO && !found.needed)
		r->state = ARCH_MITIGATION_NOT_NEEDED;
	else
		r->state = found.possible ? ARCH_MITIGATION_ON : ARCH_MITIGATION_UNAVAILABLE;
}

static bool is_on(const struct mitigate_plan *plan, enum mitigation which)
{
	return plan->report[which].state == ARCH_MITIGATION_ON;
}

/* From what is on to bits and patches. */
static void plan_registers(const struct mitigate_facts *f, struct mitigate_plan *plan)
{
	uint64_t both = 0;
	bool at_entry = false;

	if (is_on(plan, MITIGATE_BRANCHES)) {
		plan->auto_ibrs = f->auto_ibrs;
		if (!f->auto_ibrs && ((f->capabilities & CAP_IBRS_ALL) || f->ibrs_always))
			both |= SPEC_IBRS;
		else if (!f->auto_ibrs)
			at_entry = true;
	}
	if (is_on(plan, MITIGATE_THREADS))
		both |= SPEC_STIBP;
	if (is_on(plan, MITIGATE_STORES))
		both |= SPEC_SSBD;
	if (is_on(plan, MITIGATE_HISTORY) && f->history_control)
		both |= SPEC_HISTORY;
	else if (is_on(plan, MITIGATE_HISTORY))
		plan->patches |= PATCH_HISTORY;
	if (at_entry)
		plan->patches |= PATCH_BRANCHES;
	plan->spec_user = both;
	plan->spec_kernel = both | (at_entry ? SPEC_IBRS : 0);
	plan->spec_write = plan->spec_kernel != 0;
}

void mitigate_decide(const struct mitigate_facts *facts, const char *words, struct mitigate_plan *plan)
{
	static struct finding (*const find[MITIGATIONS])(const struct mitigate_facts *) = {
		[MITIGATE_ISOLATION] = find_isolation, [MITIGATE_BRANCHES] = find_branches,
		[MITIGATE_HISTORY] = find_history,     [MITIGATE_ENTRY_BARRIER] = find_entry_barrier,
		[MITIGATE_BARRIER] = find_barrier,     [MITIGATE_RETURNS] = find_returns,
		[MITIGATE_THREADS] = find_threads,     [MITIGATE_BUFFERS] = find_buffers,
		[MITIGATE_STORES] = find_stores,
	};
	static const uint32_t patches[MITIGATIONS] = {
		[MITIGATE_ISOLATION] = PATCH_ISOLATION, [MITIGATE_ENTRY_BARRIER] = PATCH_ENTRY_BARRIER,
		[MITIGATE_BARRIER] = PATCH_BARRIER,     [MITIGATE_RETURNS] = PATCH_RETURNS,
		[MITIGATE_BUFFERS] = PATCH_BUFFERS,
	};
	enum wish wishes[MITIGATIONS];

	*plan = (struct mitigate_plan){};
	set_all(wishes, WISH_AUTO);
	plan->unknown_word = !read_words(words, wishes);
	for (unsigned i = 0; i < MITIGATIONS; i++) {
		plan->report[i].name = names[i];
		settle(&plan->report[i], find[i](facts), wishes[i], facts->emulated);
		if (is_on(plan, (enum mitigation)i))
			plan->patches |= patches[i];
	}
	if (!is_on(plan, MITIGATE_ISOLATION))
		plan->patches |= PATCH_NO_ISOLATION;
	plan_registers(facts, plan);
}
