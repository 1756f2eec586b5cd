// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A damaged boot package: bytes of a right one are other ones, three bytes of input each (place and value). The index's hash is
 * mended unless the first byte says otherwise: an attacker who writes the medium would, and nothing behind it would be read.
 * What is given out must lie in the package.
 */
#include "package_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void touch(const uint8_t *bytes, uint64_t len)
{
	if (len == 0)
		return;
	if (bytes < package_bytes || len > SIZE || (uint64_t)(bytes - package_bytes) > SIZE - len)
		abort();
	sink += bytes[0] + bytes[len - 1];
}

static void use_program(struct spawn_package *package, struct msg_text name)
{
	struct spawn_program program;

	if (spawn_package_program(package, name, &program) != STATUS_OK)
		return;
	if (program.segment_count > SPAWN_MAX_SEGMENTS || program.image_size % PAGE != 0)
		abort();
	for (uint32_t i = 0; i < program.segment_count; i++) {
		const struct spawn_segment *s = &program.segments[i];
		if (s->address > program.image_size || s->memory_size > program.image_size - s->address ||
		    s->file_size > s->memory_size || (s->writable && s->executable))
			abort();
		touch(package_bytes + s->package_offset, s->file_size);
	}
	touch((const uint8_t *)program.needs.ptr, program.needs.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spawn_package package;
	struct cap_package_header header;
	struct msg_text name;
	struct msg_data bytes;

	if (size == 0)
		return 0;
	if (!package_bytes)
		package_bytes = aligned_alloc(PAGE, SIZE);
	make_package(DATA_AT, 9);
	for (size_t i = 1; i + 3 <= size; i += 3)
		package_bytes[(data[i] | (size_t)data[i + 1] << 8) % SIZE] = data[i + 2];
	memcpy(&header, package_bytes, sizeof(header));
	if (data[0] < 192 && header.index_off < SIZE && header.index_len <= SIZE - header.index_off) {
		hash_blake2b(header.index_hash, package_bytes + header.index_off, header.index_len);
		memcpy(package_bytes, &header, sizeof(header));
	}
	if (spawn_package_init(&package, package_bytes, SIZE, CAP_ID_NULL) != STATUS_OK)
		return 0;
	for (uint16_t kind = 0; kind < 6; kind++) {
		for (uint32_t i = 0; spawn_package_name(&package, kind, i, &name); i++) {
			touch((const uint8_t *)name.ptr, name.len);
			if (spawn_package_file(&package, name, kind, &bytes) == STATUS_OK)
				touch(bytes.ptr, bytes.len);
			use_program(&package, name);
		}
	}
	return 0;
}
