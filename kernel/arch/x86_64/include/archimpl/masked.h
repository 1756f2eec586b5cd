// SPDX-License-Identifier: MIT OR Apache-2.0
/* x86-64: the carry of the comparison becomes a mask. Section .masked is not loaded: {address, site} for each place. */
#pragma once

#define ARCH_INDEX_MASKED(site, index, limit)                            \
	({                                                               \
		uint64_t masked_;                                        \
		__asm__("1: cmpq %2, %1\n\t"                             \
			"sbbq %0, %0\n\t"                                \
			"andq %1, %0\n\t"                                \
			".pushsection .masked,\"\",@progbits\n\t"        \
			".quad 1b\n\t"                                   \
			".asciz \"" site "\"\n\t"                        \
			".balign 8\n\t"                                  \
			".popsection"                                    \
			: "=&r"(masked_)                                 \
			: "r"((uint64_t)(index)), "r"((uint64_t)(limit)) \
			: "cc");                                         \
		masked_;                                                 \
	})
