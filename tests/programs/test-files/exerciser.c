// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Random operations on one file, in the manner of fsx: reads, writes, appends, truncations, by messages, through an attached
 * buffer, and through a mapping of the file itself, against an array of the bytes that it must have.
 */
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>

#include "files.h"

#define LARGEST 200000u
#define PIECE 60000u
#define INLINE 3000u
#define DONE FILE_OUTCOME_DONE

static uint8_t expected[LARGEST];
static uint32_t size;
static uint64_t random_state = 0x2545f4914f6cdd1dull;

static uint32_t below(uint32_t bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 24) % bound;
}

static struct {
	cap_id file;
	struct shared_buffer buffer;
	uint8_t *mapped; /* the first mapped_bytes of the file; null: not yet */
	uint64_t mapped_bytes;
} x;

static void wrote(uint32_t offset, uint32_t count, const uint8_t *bytes)
{
	__builtin_memcpy(expected + offset, bytes, count);
	if (offset + count > size)
		size = offset + count;
}

static bool write_some(uint32_t offset, bool through_buffer, bool at_end)
{
	uint32_t count = 1 + below(through_buffer ? PIECE : INLINE);
	uint8_t *bytes = x.buffer.data;
	enum file_outcome outcome = FILE_OUTCOME_DAMAGED;
	uint64_t at = offset;

	if (at_end)
		offset = size;
	if (offset + count > LARGEST)
		return true;
	for (uint32_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)(random_state >> i % 7 * 8) + (uint8_t)i;
	if (through_buffer && at_end)
		(void)!file_append_buf(w.t, x.file, count, 0, &outcome, &at);
	else if (through_buffer)
		(void)!file_write_buf(w.t, x.file, offset, count, 0, &outcome);
	else if (at_end)
		(void)!file_append(w.t, x.file, (struct msg_data){bytes, count}, &outcome, &at);
	else
		(void)!file_write(w.t, x.file, offset, (struct msg_data){bytes, count}, &outcome);
	if (at_end && at != offset)
		return false;
	wrote(offset, count, bytes);
	return outcome == DONE;
}

static bool read_some(uint32_t offset, bool through_buffer)
{
	static uint8_t bytes[INLINE];
	uint32_t count = 1 + below(through_buffer ? PIECE : INLINE), got = 0,
		 there = offset < size ? size - offset : 0;
	enum file_outcome outcome = FILE_OUTCOME_DAMAGED;
	uint64_t got_buf = 0;

	if (through_buffer) {
		(void)!file_read_buf(w.t, x.file, offset, count, 0, &outcome, &got_buf);
		got = (uint32_t)got_buf;
	} else {
		(void)!file_client_read(w.t, x.file, offset, bytes, count, &outcome, &got);
	}
	return outcome == DONE && got == (there < count ? there : count) &&
	       __builtin_memcmp(through_buffer ? x.buffer.data : bytes, expected + offset, got) == 0;
}

static bool truncate_to(uint32_t to)
{
	enum file_outcome outcome = FILE_OUTCOME_DAMAGED;

	if (to < size)
		__builtin_memset(expected + to, 0, size - to);
	size = to;
	return file_truncate(w.t, x.file, to, &outcome) == STATUS_OK && outcome == DONE;
}

static bool use_mapping(uint32_t offset)
{
	uint32_t end = size < x.mapped_bytes ? size : (uint32_t)x.mapped_bytes;

	if (!x.mapped || end == 0)
		return true;
	offset %= end;
	if (x.mapped[offset] != expected[offset])
		return false;
	x.mapped[offset] = expected[offset] = (uint8_t)random_state;
	return true;
}

static void map(void)
{
	enum file_outcome outcome;
	uint64_t address = 0, bytes = 0;
	cap_id memory = {};

	if (file_map_shared(w.t, x.file, &outcome, &memory, &bytes) != STATUS_OK || outcome != DONE)
		return;
	x.mapped_bytes = bytes & ~4095ull;
	if (x.mapped_bytes && virtual_memory_map(w.t, w.space, memory, 0, x.mapped_bytes, 0,
						 VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address) == STATUS_OK)
		x.mapped = (uint8_t *)(uintptr_t)address;
	drop(memory);
}

static bool step(void)
{
	uint32_t offset = below(LARGEST);

	switch (below(12)) {
	case 0 ... 1:
		return write_some(offset, false, false);
	case 2:
		return write_some(offset, true, false);
	case 3:
		return write_some(offset, below(2), true);
	case 4 ... 6:
		return read_some(offset, false);
	case 7:
		return read_some(offset, true);
	case 8:
		return truncate_to(below(LARGEST));
	default:
		return use_mapping(offset);
	}
}

void test_exerciser(void)
{
	struct file_attach_params_builder p;
	struct rpc_call call;
	cap_id memory = {};
	bool good;
	int i = 0;

	__builtin_memset(&x, 0, sizeof(x));
	__builtin_memset(expected, 0, sizeof(expected));
	size = 0;
	good = shared_buffer_make(&x.buffer, w.t, w.space, 4096, 16, &memory) == STATUS_OK &&
	       create_path(w.root, "fsx", FILE_SHARING_READERS, &x.file) == DONE;
	p = file_attach_begin(&call, w.t, x.file);
	shared_buffer_builder_set_memory(file_attach_params_builder_init_buffer(p),
					 rpc_add_cap(&call, memory));
	file_attach_params_builder_set_writable(p, true);
	good = good && rpc_call(&call) == STATUS_OK;
	rpc_end(&call);
	for (; i < 3000 && good; i++) {
		if (i == 1500)
			map();
		good = step();
	}
	tap_ok(good && x.mapped, "3,000 random operations on one file, half of them while it is mapped (%d)",
	       i);
	shared_buffer_detach(&x.buffer);
	drop(memory);
	drop(x.file);
	(void)remove_path(w.root, "fsx");
}
