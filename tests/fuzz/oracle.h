// SPDX-License-Identifier: MIT OR Apache-2.0
/* The stock Cap'n Proto reader (libcapnp, C++) as C sees it: oracle.cc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Walks one segment whose first word is the root pointer. False: refused, oracle_say tells why. */
bool oracle_walk(const uint64_t *words, size_t count, uint64_t *digest);
/* To standard error, with the last refusal's reason. */
void oracle_say(const char *what);

static inline uint64_t oracle_mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
	return sum ^ sum >> 29;
}

#ifdef __cplusplus
}
#endif
