// SPDX-License-Identifier: MIT OR Apache-2.0
/* The processor's random numbers: SDM vol. 1, 7.3.17. The entropy pool mixes them with other sources. */
#include "entropy.h"

#include "features.h"

#include <arch/cpu.h>
#include <arch/platform.h>

#define TRIES 10u /* what Intel recommends before giving up */

static bool random_word(uint64_t *out)
{
	uint8_t ok;

	for (unsigned i = 0; features.rdseed && i < TRIES; i++) {
		__asm__ volatile("rdseed %0; setc %1" : "=r"(*out), "=qm"(ok)::"cc");
		if (ok)
			return true;
		arch_pause();
	}
	for (unsigned i = 0; features.rdrand && i < TRIES; i++) {
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok)::"cc");
		if (ok)
			return true;
	}
	return false;
}

bool arch_entropy(void *out, size_t len)
{
	uint8_t *bytes = out;

	while (len > 0) {
		uint64_t word;

		if (!random_word(&word))
			return false;
		for (unsigned i = 0; i < 8 && len > 0; i++, len--) {
			*bytes++ = (uint8_t)word;
			word >>= 8;
		}
	}
	return true;
}

uint64_t entropy_early(void)
{
	uint64_t word;

	if (random_word(&word))
		return word;
	word = arch_ticks() * 0x9e3779b97f4a7c15ull;
	return word ^ word >> 29;
}
