// SPDX-License-Identifier: MIT OR Apache-2.0
/* What each kind of processor gets by itself, and what words of the command line change. */
#include "../mitigate_decide.c"

#include <stdio.h>
#include <string.h>

static unsigned tests, failures;

static void result(const char *name, bool ok)
{
	tests++;
	failures += !ok;
	printf("%sok %u - %s\n", ok ? "" : "not ", tests, name);
}

/* One character for each mitigation in the order of the enumeration: on, off, not needed (-), unavailable (?). */
static bool gives(const struct mitigate_facts *facts, const char *words, const char *states, uint32_t patches)
{
	static const char letters[] = {[ARCH_MITIGATION_OFF] = '0',
				       [ARCH_MITIGATION_ON] = '1',
				       [ARCH_MITIGATION_NOT_NEEDED] = '-',
				       [ARCH_MITIGATION_UNAVAILABLE] = '?'};
	struct mitigate_plan plan;
	char found[MITIGATIONS + 1] = {};

	mitigate_decide(facts, words, &plan);
	for (unsigned i = 0; i < MITIGATIONS; i++) {
		found[i] = letters[plan.report[i].state];
		if (!plan.report[i].name || !plan.report[i].reason)
			return false;
	}
	if (strcmp(found, states) == 0 && plan.patches == patches && !plan.unknown_word)
		return true;
	printf("# %s: %s, patches %x\n", words, found, plan.patches);
	return false;
}

static uint64_t spec(const struct mitigate_facts *facts, const char *words, bool user)
{
	struct mitigate_plan plan;

	mitigate_decide(facts, words, &plan);
	return user ? plan.spec_user : plan.spec_kernel;
}

static const struct mitigate_facts skylake = {.intel = true,
					      .family = 6,
					      .ibrs = true,
					      .ibpb = true,
					      .stibp = true,
					      .ssbd = true,
					      .verw_clears = true,
					      .threads = true};
static const struct mitigate_facts sapphire = {.intel = true,
					       .family = 6,
					       .ibrs = true,
					       .ibpb = true,
					       .stibp = true,
					       .ssbd = true,
					       .verw_clears = true,
					       .threads = true,
					       .history_control = true,
					       .capabilities = CAP_RDCL_NO | CAP_IBRS_ALL | CAP_MDS_NO |
							       CAP_TAA_NO | CAP_STALE_NO};
static const struct mitigate_facts zen2 = {.amd = true,
					   .family = 0x17,
					   .ibrs = true,
					   .ibpb = true,
					   .stibp = true,
					   .ssbd = true,
					   .threads = true};
static const struct mitigate_facts zen4 = {.amd = true,
					   .family = 0x19,
					   .ibrs = true,
					   .ibpb = true,
					   .stibp = true,
					   .ssbd = true,
					   .threads = true,
					   .auto_ibrs = true};
static const struct mitigate_facts old = {.intel = true, .family = 6};
static const struct mitigate_facts unknown = {.family = 6};
static const struct mitigate_facts emulated = {.amd = true, .family = 6, .emulated = true};

static void processors(void)
{
	result("an Intel processor before the flaws were known",
	       gives(&skylake, "", "111-1111-",
		     PATCH_ISOLATION | PATCH_BRANCHES | PATCH_HISTORY | PATCH_BARRIER | PATCH_RETURNS |
			     PATCH_BUFFERS));
	result("its IBRS is set on entry and cleared on exit; STIBP stays",
	       spec(&skylake, "", false) == (SPEC_IBRS | SPEC_STIBP) &&
		       spec(&skylake, "", true) == SPEC_STIBP);
	result("an Intel processor that says that it has most of them no longer",
	       gives(&sapphire, "", "-11-11---", PATCH_BARRIER | PATCH_RETURNS | PATCH_NO_ISOLATION));
	result("its IBRS and history control stay set",
	       spec(&sapphire, "", false) == (SPEC_IBRS | SPEC_HISTORY) &&
		       spec(&sapphire, "", true) == (SPEC_IBRS | SPEC_HISTORY));
	result("an AMD processor with Retbleed", gives(&zen2, "", "-1-1111--",
						       PATCH_BRANCHES | PATCH_ENTRY_BARRIER | PATCH_BARRIER |
							       PATCH_RETURNS | PATCH_NO_ISOLATION));
	result("one with automatic IBRS writes nothing on entry but the barrier",
	       gives(&zen4, "", "-1-1111--",
		     PATCH_ENTRY_BARRIER | PATCH_BARRIER | PATCH_RETURNS | PATCH_NO_ISOLATION) &&
		       spec(&zen4, "", false) == SPEC_STIBP);
	result("a processor that has the flaws and no means",
	       gives(&old, "", "1?1-?1-1-", PATCH_ISOLATION | PATCH_HISTORY | PATCH_RETURNS | PATCH_BUFFERS));
	result("one of a vendor that is not known is trusted with nothing",
	       gives(&unknown, "", "1?1-?1-1-",
		     PATCH_ISOLATION | PATCH_HISTORY | PATCH_RETURNS | PATCH_BUFFERS));
	result("an emulated one needs nothing", gives(&emulated, "", "---------", PATCH_NO_ISOLATION));
}

static void words(void)
{
	struct mitigate_plan plan;

	result("none", gives(&skylake, "mitigations=none", "000000000", PATCH_NO_ISOLATION));
	result("all: what the processor has no register for stays unavailable",
	       gives(&emulated, "debug mitigations=all x", "1?1??1?1?",
		     PATCH_ISOLATION | PATCH_HISTORY | PATCH_RETURNS | PATCH_BUFFERS));
	result("no register is written that does not exist", spec(&emulated, "mitigations=all", false) == 0);
	result("all, where every means exists",
	       gives(&sapphire, "mitigations=all", "111111111",
		     PATCH_ISOLATION | PATCH_ENTRY_BARRIER | PATCH_BARRIER | PATCH_RETURNS | PATCH_BUFFERS) &&
		       spec(&sapphire, "mitigations=all", true) ==
			       (SPEC_IBRS | SPEC_STIBP | SPEC_SSBD | SPEC_HISTORY));
	result("one on, one off",
	       gives(&emulated, "mitigations=isolation,-buffers", "1------0-", PATCH_ISOLATION));
	result("later words count", gives(&emulated, "mitigations=all,auto,buffers", "-------1-",
					  PATCH_BUFFERS | PATCH_NO_ISOLATION));
	result("the name of another one is no prefix",
	       gives(&emulated, "mitigations=branch-history", "--1------",
		     PATCH_HISTORY | PATCH_NO_ISOLATION));
	mitigate_decide(&emulated, "mitigations=isolations", &plan);
	result("a word that is not known is said, and does nothing",
	       plan.unknown_word && plan.patches == PATCH_NO_ISOLATION);
	mitigate_decide(&emulated, "mitigations=,,-", &plan);
	result("nor do empty ones", plan.unknown_word && plan.patches == PATCH_NO_ISOLATION);
	result("another word that ends so is not meant",
	       gives(&emulated, "xmitigations=all", "---------", PATCH_NO_ISOLATION));
	mitigate_decide(&skylake, "mitigations=-isolation", &plan);
	result("what was said is marked as such, and only that",
	       plan.report[MITIGATE_ISOLATION].forced && !plan.report[MITIGATE_BUFFERS].forced);
}

int main(void)
{
	processors();
	words();
	printf("1..%u\n", tests);
	return failures != 0;
}
