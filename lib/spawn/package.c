// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The boot package: header, index, files by name, hashes.
 */
#include <abi/package.h>
#include <elf/elf.h>
#include <hash/hash.h>
#include <rpc/rpc.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/program.capnp.h>
#include <spawn/package.h>
#include <stdckdint.h>

#define PAGE 4096ull
#define DEFAULT_STACK 65536u
#define MIN_STACK 8192u
#define MAX_STACK (8u << 20)

static bool lies_inside(uint64_t offset, uint64_t length, uint64_t size)
{
	uint64_t end;

	return !ckd_add(&end, offset, length) && end <= size;
}

static struct package_index_file_list_reader open_files(const struct spawn_package *package,
							struct msg_reader *reader)
{
	msg_reader_init(reader, package->index, (size_t)package->index_len);
	msg_reader_set_limits(reader, UINT32_MAX, MSG_NESTING);
	return package_index_reader_files(package_index_reader_root(reader));
}

enum status spawn_package_init(struct spawn_package *package, const void *base, uint64_t size, cap_id memory)
{
	struct cap_package_header header;
	uint8_t hash[HASH_BLAKE2B_SIZE];
	struct msg_reader reader;

	*package = (struct spawn_package){.base = base, .size = size, .memory = memory};
	if (size < sizeof(header))
		return STATUS_BAD_MESSAGE;
	__builtin_memcpy(&header, base, sizeof(header));
	if (header.magic != CAP_PACKAGE_MAGIC || header.version != CAP_PACKAGE_VERSION ||
	    header.total_size > size || !lies_inside(header.index_off, header.index_len, header.total_size) ||
	    header.index_off % 8 != 0)
		return STATUS_BAD_MESSAGE;
	package->index = package->base + header.index_off;
	package->index_len = header.index_len;
	hash_blake2b(hash, package->index, (size_t)header.index_len);
	if (__builtin_memcmp(hash, header.index_hash, sizeof(hash)) != 0)
		return STATUS_BAD_MESSAGE;
	if (package_index_file_list_reader_count(open_files(package, &reader)) > SPAWN_MAX_FILES ||
	    !msg_reader_ok(&reader))
		return STATUS_BAD_MESSAGE;
	return STATUS_OK;
}

enum status spawn_package_open(struct spawn_package *package, struct rpc_transport *transport,
			       cap_id boot_package, cap_id virtual_memory)
{
	cap_id memory;
	uint64_t bytes, address;
	enum status status = boot_package_memory(transport, boot_package, &memory, &bytes);

	if (status != STATUS_OK)
		return status;
	status = virtual_memory_map(transport, virtual_memory, memory, 0, (bytes + PAGE - 1) & ~(PAGE - 1), 0,
				    VIRTUAL_MEMORY_PROTECTION_READ, &address);
	if (status != STATUS_OK)
		return status;
	return spawn_package_init(package, (const void *)(uintptr_t)address, bytes, memory);
}

/* A file whose place and hash have been checked. */
struct found {
	uint64_t offset, size;
};

static enum status verify(struct spawn_package *package, struct package_index_file_reader file,
			  uint32_t index)
{
	uint64_t offset = package_index_file_reader_offset(file), size = package_index_file_reader_size(file);
	struct msg_data expected = package_index_file_reader_hash(file);
	uint8_t hash[HASH_BLAKE2B_SIZE];

	if (package->verified[index / 64] >> index % 64 & 1)
		return STATUS_OK;
	if (!lies_inside(offset, size, package->size) || offset % PAGE != 0 || expected.len != sizeof(hash))
		return STATUS_BAD_MESSAGE;
	hash_blake2b(hash, package->base + offset, (size_t)size);
	if (__builtin_memcmp(hash, expected.ptr, sizeof(hash)) != 0)
		return STATUS_BAD_MESSAGE;
	package->verified[index / 64] |= 1ull << index % 64;
	return STATUS_OK;
}

static enum status find(struct spawn_package *package, struct msg_text name, uint16_t kind,
			struct found *found)
{
	struct msg_reader reader;
	struct package_index_file_list_reader files = open_files(package, &reader);

	for (uint32_t i = 0; i < package_index_file_list_reader_count(files); i++) {
		struct package_index_file_reader file = package_index_file_list_reader_at(files, i);

		if (package_index_file_reader_kind(file) != kind ||
		    !msg_text_equal(package_index_file_reader_name(file), name))
			continue;
		*found = (struct found){package_index_file_reader_offset(file),
					package_index_file_reader_size(file)};
		return verify(package, file, i);
	}
	return STATUS_NOT_FOUND;
}

enum status spawn_package_file(struct spawn_package *package, struct msg_text name, uint16_t kind,
			       struct msg_data *bytes)
{
	struct found found;
	enum status status = find(package, name, kind, &found);

	*bytes = (struct msg_data){};
	if (status == STATUS_OK && found.size > UINT32_MAX)
		status = STATUS_TOO_LARGE;
	if (status == STATUS_OK)
		*bytes = (struct msg_data){package->base + found.offset, (uint32_t)found.size};
	return status;
}

bool spawn_package_name(const struct spawn_package *package, uint16_t kind, uint32_t index,
			struct msg_text *name)
{
	struct msg_reader reader;
	struct package_index_file_list_reader files = open_files(package, &reader);

	for (uint32_t i = 0; i < package_index_file_list_reader_count(files); i++) {
		struct package_index_file_reader file = package_index_file_list_reader_at(files, i);

		if (package_index_file_reader_kind(file) == kind && index-- == 0) {
			*name = package_index_file_reader_name(file);
			return true;
		}
	}
	return false;
}

/* ---- Programs ---- */

/* What cannot be mapped from the package in place must be writable, and so copied. */
static bool take_segments(struct spawn_program *program, const struct elf *elf, uint64_t package_offset)
{
	if (elf->segment_count > SPAWN_MAX_SEGMENTS)
		return false;
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (!s->writable && s->file_size != s->memory_size)
			return false;
		program->segments[i] = (struct spawn_segment){
			.address = s->address,
			.memory_size = s->memory_size,
			.package_offset = package_offset + s->offset,
			.file_size = s->file_size,
			.writable = s->writable,
			.executable = s->executable,
		};
	}
	program->segment_count = elf->segment_count;
	return true;
}

static void take_needs(struct spawn_program *program, const struct elf *elf)
{
	struct msg_reader reader;
	const uint8_t *bytes;
	size_t size;

	program->stack_bytes = DEFAULT_STACK;
	if (!elf_section(elf, ".capos.needs", &bytes, &size) || size > UINT32_MAX)
		return;
	msg_reader_init(&reader, bytes, size);

	struct program_reader needs = program_reader_root(&reader);
	uint32_t stack = program_reader_stack_bytes(needs);

	if (!msg_reader_ok(&reader))
		return;
	stack = stack < MIN_STACK ? MIN_STACK : stack > MAX_STACK ? MAX_STACK : stack;
	program->stack_bytes = (stack + (uint32_t)PAGE - 1) & ~((uint32_t)PAGE - 1);
	program->submissions = program_reader_submissions(needs);
	program->arena_bytes = program_reader_arena_bytes(needs);
	program->needs = (struct msg_data){bytes, (uint32_t)size};
}

enum status spawn_package_program(struct spawn_package *package, struct msg_text name,
				  struct spawn_program *program)
{
	struct found found;
	struct elf elf;
	enum status status = find(package, name, PACKAGE_INDEX_KIND_PROGRAM, &found);

	if (status != STATUS_OK)
		return status;
	status = elf_open(&elf, package->base + found.offset, (size_t)found.size, nullptr);
	if (status != STATUS_OK)
		return status;
	*program = (struct spawn_program){
		.name = name,
		.package = package,
		.elf = elf.bytes,
		.elf_size = elf.size,
		.entry = elf.entry,
		.image_size = elf.end,
	};
	if (!take_segments(program, &elf, found.offset))
		return STATUS_BAD_MESSAGE;
	take_needs(program, &elf);
	return STATUS_OK;
}
