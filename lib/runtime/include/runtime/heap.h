// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A small heap, for programs that were granted "virtualMemory"; others use static memory.
 *
 * - Size classes (powers of two from 32 bytes to 32 KiB) carved from 64 KiB chunks; larger blocks are mappings of
 *   their own. Chunks are kept for reuse.
 * - Thread-safe: one lock.
 */
#pragma once

#include <stddef.h>

/* Zeroed, 16-byte aligned; null if there is no memory or no virtualMemory. size 0 is as 1. */
[[nodiscard]] void *heap_alloc(size_t size);
/* The old bytes, then zeroes. On failure null, and `block` stays. heap_realloc(null, n) allocates. */
[[nodiscard]] void *heap_realloc(void *block, size_t size);
void heap_free(void *block); /* null is allowed */
