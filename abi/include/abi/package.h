// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The boot package: what the boot loader hands to the kernel beside the kernel itself (PVH or multiboot2 module 0).
 *
 * - One file. This header, then blobs, each starting on a page boundary so that they can be mapped in place.
 * - The kernel reads only this header, and init's ELF, whose hash it verifies. Everything else (the typed manifest,
 *   programs, registry data) is described by the index, a Cap'n Proto message of type PackageIndex
 *   (schema/service/package.capnp) that init reads.
 * - All offsets are from the start of the package, all lengths in bytes. Hostile until checked.
 */
#pragma once

#include <stdint.h>

#define CAP_PACKAGE_MAGIC 0x314b4350534f4143ull /* "CAOSPCK1" in memory order */
#define CAP_PACKAGE_VERSION 1u
#define CAP_HASH_BYTES 32u /* BLAKE2b-256 */

struct cap_package_header {
	uint64_t magic;
	uint32_t version;
	uint32_t header_size;
	uint64_t total_size;
	uint64_t index_off, index_len; /* PackageIndex, one unframed segment */
	uint64_t init_off, init_len;   /* init's ELF */
	uint8_t init_hash[CAP_HASH_BYTES];
	uint8_t index_hash[CAP_HASH_BYTES];
};
static_assert(sizeof(struct cap_package_header) == 120);
