// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Mitigations of speculation: facts, patches, registers. Model-specific registers are touched only if CPUID says that they exist
 * (SDM vol. 2A, CPUID 07H; AMD APM vol. 3, CPUID 8000_0008 and 8000_0021).
 */
#include "mitigate.h"

#include "features.h"
#include "machine.h"
#include "patch.h"

#include <arch/memory.h>
#include <core/log.h>

#define MSR_SPEC_CTRL 0x48u
#define MSR_ARCH_CAPABILITIES 0x10au
#define EFER_AUTO_IBRS 0x200000ull

struct [[gnu::packed]] patch {
	uint64_t site, target;
	uint32_t length, when;
};
static_assert(sizeof(struct patch) == 24);

extern const struct patch patches_start[], patches_end[]; /* link.ld */

/* What entry and exit write to IA32_SPEC_CTRL (porch.S). */
extern uint32_t mitigate_spec_kernel, mitigate_spec_user;
uint32_t mitigate_spec_kernel, mitigate_spec_user;

static struct mitigate_plan plan;

static bool bit(uint32_t word, unsigned n)
{
	return word >> n & 1;
}

static bool is_vendor(const char *name)
{
	struct cpuid r = cpuid(0, 0);
	const uint32_t words[3] = {r.b, r.d, r.c};

	for (unsigned i = 0; i < 12; i++)
		if ((char)(words[i / 4] >> 8 * (i % 4)) != name[i])
			return false;
	return true;
}

static bool is_emulator(void)
{
	static const char name[] = "TCGTCGTCGTCG";

	for (unsigned i = 0; i < sizeof(name); i++)
		if (features.hypervisor_name[i] != name[i])
			return false;
	return true;
}

static void read_common(struct mitigate_facts *f)
{
	uint32_t version = cpuid(1, 0).a;

	f->emulated = is_emulator();
	f->intel = is_vendor("GenuineIntel");
	f->amd = is_vendor("AuthenticAMD") || is_vendor("HygonGenuine");
	f->family = version >> 8 & 15;
	if (f->family == 15)
		f->family += version >> 20 & 255;
	if (features.max_leaf >= 0xb)
		f->threads = (cpuid(0xb, 0).b & 0xffff) > 1;
	else
		f->threads = bit(cpuid(1, 0).d, 28);
	if (features.max_leaf < 7)
		return;
	struct cpuid r = cpuid(7, 0);
	f->transactions = bit(r.b, 11);
	f->verw_clears = bit(r.d, 10);
	f->ibrs = f->ibpb = bit(r.d, 26);
	f->stibp = bit(r.d, 27);
	f->ssbd = bit(r.d, 31);
	f->capabilities = bit(r.d, 29) ? rdmsr(MSR_ARCH_CAPABILITIES) : 0;
	f->history_control = r.a >= 2 && bit(cpuid(7, 2).d, 4);
}

static void read_amd(struct mitigate_facts *f)
{
	if (!f->amd)
		return;
	if (features.max_extended >= 0x80000008) {
		uint32_t b = cpuid(0x80000008, 0).b;

		f->ibpb |= bit(b, 12);
		f->ibrs |= bit(b, 14);
		f->stibp |= bit(b, 15);
		f->ibrs_always = bit(b, 16);
		f->ssbd |= bit(b, 24);
	}
	if (features.max_extended >= 0x80000021) {
		struct cpuid r = cpuid(0x80000021, 0);

		f->verw_clears |= bit(r.a, 5);
		f->auto_ibrs = bit(r.a, 8);
		f->amd_no_return_stack_trouble = bit(r.a, 29);
		f->amd_no_buffer_trouble = bit(r.c, 1) && bit(r.c, 2);
	}
}

static void put_relative(uint8_t *at, uint8_t opcode, uint64_t target)
{
	uint32_t distance = (uint32_t)(target - ((uint64_t)at + 5));

	at[0] = opcode;
	for (unsigned i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(distance >> 8 * i);
}

/* Jumps over the rest of a site from `from` on. */
static void skip(uint8_t *site, uint32_t from, uint32_t length)
{
	if (length - from >= 5)
		put_relative(site + from, 0xe9, (uint64_t)site + length);
	else
		for (uint32_t i = from; i < length; i++)
			site[i] = 0x90;
}

static void apply(const struct patch *patch)
{
	uint8_t *site = (uint8_t *)patch->site;
	bool on = plan.patches & patch->when;

	if (!patch->target && !on)
		skip(site, 0, patch->length);
	if (!patch->target || !on)
		return;
	if (patch->length < 5)
		panic("mitigations: a place of %u bytes cannot be patched", patch->length);
	put_relative(site, patch->when & PATCH_CALL ? 0xe8 : 0xe9, patch->target);
	skip(site, 5, patch->length);
}

void mitigate_init(void)
{
	struct mitigate_facts facts = {};

	read_common(&facts);
	read_amd(&facts);
	mitigate_decide(&facts, arch_command_line, &plan);
	if (plan.unknown_word)
		log_line(LOG_WARNING, "mitigations: a word of the command line is not known");
	mitigate_spec_kernel = (uint32_t)plan.spec_kernel;
	mitigate_spec_user = (uint32_t)plan.spec_user;
	for (const struct patch *patch = patches_start; patch < patches_end; patch++)
		apply(patch);
}

void mitigate_setup(void)
{
	if (plan.spec_write)
		wrmsr(MSR_SPEC_CTRL, plan.spec_kernel);
	if (plan.auto_ibrs)
		wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_AUTO_IBRS);
}

bool mitigate_isolates(void)
{
	return plan.patches & PATCH_ISOLATION;
}

bool mitigate_guards(void)
{
	return plan.patches & PATCH_PORCH;
}

bool arch_mitigation(unsigned index, struct arch_mitigation *out)
{
	static const struct arch_mitigation built_in[] = {
		{"index-masking", ARCH_MITIGATION_ON, false,
		 "built in: indexes that users choose are masked"},
		{"entry-fence", ARCH_MITIGATION_ON, false, "built in: no speculation past SWAPGS"},
		{"page-entries", ARCH_MITIGATION_ON, false,
		 "built in: an entry that is not present is zero, and names no memory (L1TF)"},
	};

	if (index < MITIGATIONS)
		*out = plan.report[index];
	else if (index < MITIGATIONS + array_size(built_in))
		*out = built_in[index - MITIGATIONS];
	else
		return false;
	return true;
}
