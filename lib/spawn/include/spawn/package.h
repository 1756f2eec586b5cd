// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The boot package as a source of programs: its index, its ELF files, and their content hashes.
 *
 * Everything in the package is checked before it is used; a program's bytes are hashed once, when it is first
 * looked up, and a program whose hash does not match is not given out.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <message/message.h>

struct rpc_transport;

#define SPAWN_MAX_FILES 128u

struct spawn_package {
	const uint8_t *base; /* the package, mapped read-only */
	uint64_t size;
	cap_id memory;        /* its MemoryObject */
	const uint8_t *index; /* PackageIndex, as a message */
	uint64_t index_len;
	uint64_t verified[SPAWN_MAX_FILES / 64]; /* files whose hash was found right */
};

/* A segment of a program; addresses relative to where it is loaded. */
struct spawn_segment {
	uint64_t address, memory_size; /* as in the ELF file, not rounded */
	uint64_t package_offset, file_size;
	bool writable, executable;
};

#define SPAWN_MAX_SEGMENTS 4u

struct spawn_program {
	struct msg_text name;
	const struct spawn_package *package;
	const uint8_t *elf;
	uint64_t elf_size;
	uint64_t entry;
	uint64_t image_size; /* bytes of address space from 0, a multiple of 4096 */
	struct spawn_segment segments[SPAWN_MAX_SEGMENTS];
	uint32_t segment_count;
	uint32_t stack_bytes; /* from its requirement record, bounded; ring geometry likewise */
	uint32_t submissions;
	uint32_t arena_bytes;
	struct msg_data needs; /* the requirement record (message Program); empty: none */
};

/* Maps the package and checks its header and index. Errors: BAD_MESSAGE for a damaged package, and those of the calls. */
enum status spawn_package_open(struct spawn_package *package, struct rpc_transport *transport,
			       cap_id boot_package, cap_id virtual_memory);

/* The same over bytes that are already there (host tests). */
enum status spawn_package_init(struct spawn_package *package, const void *base, uint64_t size, cap_id memory);

/*
 * The program of that name, ready to be started. Errors: NOT_FOUND; BAD_MESSAGE when its ELF file is not one that
 * can be loaded, or its content is not what the index promises.
 */
enum status spawn_package_program(struct spawn_package *package, struct msg_text name,
				  struct spawn_program *program);

/* A file of another kind (enum package_index_kind). The bytes stay valid. Errors: NOT_FOUND, BAD_MESSAGE. */
enum status spawn_package_file(struct spawn_package *package, struct msg_text name, uint16_t kind,
			       struct msg_data *bytes);

/* Names of all files of a kind, by index: false beyond the end. */
bool spawn_package_name(const struct spawn_package *package, uint16_t kind, uint32_t index,
			struct msg_text *name);
