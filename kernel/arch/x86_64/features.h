// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the processor can do, asked once at boot. CPUs are taken to be alike. */
#pragma once

#include <stdint.h>

struct features {
	uint32_t max_leaf, max_extended;
	unsigned physical_bits;
	bool smep, smap, umip, fsgsbase, pge, xsave, avx, huge_1g, x2apic, tsc_deadline, rdrand, rdseed;
	bool hypervisor;
	char hypervisor_name[13];
	char name[49];
};
extern struct features features;

void features_read(void);
