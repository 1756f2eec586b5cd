// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What libsodium's BLAKE2b expects of its own library and we build differently: wiping memory, and the answer to a
 * call with impossible arguments, which lib/hash never makes.
 */
#include <string.h>

#include "core.h"
#include "utils.h"

void sodium_memzero(void *const memory, const size_t size)
{
	memset(memory, 0, size);
	__asm__ volatile(""
			 :
			 : "r"(memory)
			 : "memory"); /* the compiler must not drop a store to dying memory */
}

void sodium_misuse(void)
{
	__builtin_trap();
}
