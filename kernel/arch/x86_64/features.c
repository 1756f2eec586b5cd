// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reads CPUID (SDM vol. 2A, CPUID, tables 3-8 to 3-17) into `features`. */
#include "features.h"

#include "machine.h"

#include <arch/cpu.h>

struct features features;

const char arch_name[] = "x86_64";

static bool bit(uint32_t word, unsigned n)
{
	return word >> n & 1;
}

static void put_word(char *out, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (char)(word >> 8 * i);
}

static void read_name(void)
{
	const char *from = features.name;

	for (unsigned i = 0; i < 3; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		put_word(features.name + 16 * i, r.a);
		put_word(features.name + 16 * i + 4, r.b);
		put_word(features.name + 16 * i + 8, r.c);
		put_word(features.name + 16 * i + 12, r.d);
	}
	while (*from == ' ')
		from++;
	for (char *to = features.name; (*to++ = *from) != 0;)
		from++;
}

static void read_hypervisor(void)
{
	struct cpuid r = cpuid(0x40000000, 0);

	put_word(features.hypervisor_name, r.b);
	put_word(features.hypervisor_name + 4, r.c);
	put_word(features.hypervisor_name + 8, r.d);
}

void features_read(void)
{
	struct cpuid r;

	features.max_leaf = cpuid(0, 0).a;
	features.max_extended = cpuid(0x80000000, 0).a;

	r = cpuid(1, 0);
	features.x2apic = bit(r.c, 21);
	features.tsc_deadline = bit(r.c, 24);
	features.xsave = bit(r.c, 26);
	features.avx = bit(r.c, 28);
	features.rdrand = bit(r.c, 30);
	features.hypervisor = bit(r.c, 31);
	features.pge = bit(r.d, 13);
	if (features.hypervisor)
		read_hypervisor();

	if (features.max_leaf >= 7) {
		r = cpuid(7, 0);
		features.fsgsbase = bit(r.b, 0);
		features.smep = bit(r.b, 7);
		features.rdseed = bit(r.b, 18);
		features.smap = bit(r.b, 20);
		features.umip = bit(r.c, 2);
	}
	features.huge_1g = bit(cpuid(0x80000001, 0).d, 26);
	if (features.max_extended >= 0x80000004)
		read_name();
	features.physical_bits = features.max_extended >= 0x80000008 ? cpuid(0x80000008, 0).a & 0xff : 36;
	if (features.physical_bits > 52)
		features.physical_bits = 52;
}

const char *arch_cpu_name(void)
{
	return features.name[0] ? features.name : "unnamed x86-64 processor";
}
