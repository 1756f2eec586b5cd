// SPDX-License-Identifier: MIT OR Apache-2.0
/* Files, as ramfs serves them: opening and closing, reading by message and through a buffer, and what open files cost. */
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/service/directory.capnp.h>
#include <schema/service/file.capnp.h>
#include <shared_buffer/shared_buffer.h>

#include "bench.h"

enum { MANY = 10000, OPEN = 1000, PIECE = 4096, BLOCK = 65536 };

struct files {
	const struct bench *b;
	struct msg_text path;
	const char *key;
	cap_id file;
	struct shared_buffer buffer;
};

static bool ok(const char *key, enum status status, enum file_outcome outcome)
{
	if (status == STATUS_OK && outcome == FILE_OUTCOME_DONE)
		return true;
	bench_fail(key, status == STATUS_OK ? STATUS_INVALID : status);
	return false;
}

static void open_close(uint32_t operations, void *context)
{
	const struct files *f = context;

	while (operations--) {
		enum file_outcome outcome = FILE_OUTCOME_DAMAGED;
		cap_id file;
		enum status status = directory_open(f->b->transport, f->b->files, f->path, &outcome, &file);

		if (!ok(f->key, status, outcome))
			return;
		ring_release(f->b->ring, file);
	}
}

/* The answer is read in place, in the arena. */
static void read_piece(uint32_t operations, void *context)
{
	const struct files *f = context;

	while (operations--) {
		RPC_UNCLEARED struct rpc_call call;
		struct file_read_results_reader results = {};
		struct file_read_params_builder p;

		p.b = rpc_begin_root(&call, f->b->transport, rpc_target_cap(f->file),
				     (struct rpc_shape){.interface_id = FILE_INTERFACE_ID,
							.method = FILE_READ,
							.params_bytes = 8 + FILE_READ_PARAMS_DATA_WORDS * 8,
							.result_bytes = 24 + PIECE},
				     FILE_READ_PARAMS_DATA_WORDS, FILE_READ_PARAMS_POINTERS);
		file_read_params_builder_set_offset(p, PIECE);
		file_read_params_builder_set_count(p, PIECE);

		enum status status = file_read_call(&call, &results);

		if (status != STATUS_OK || file_read_results_reader_bytes(results).len != PIECE)
			bench_fail(f->key, status);
		rpc_end(&call);
	}
}

static void read_block(uint32_t operations, void *context)
{
	const struct files *f = context;

	while (operations--) {
		enum file_outcome outcome = FILE_OUTCOME_DAMAGED;
		uint64_t count;
		enum status status = file_read_buf(f->b->transport, f->file, 0, BLOCK, 0, &outcome, &count);

		if (!ok(f->key, status, outcome))
			return;
	}
}

static uint8_t from[BLOCK];

static void copy_block(uint32_t operations, void *context)
{
	const struct files *f = context;

	while (operations--) {
		__builtin_memcpy(f->buffer.data, from, BLOCK);
		__asm__ volatile("" ::: "memory");
	}
}

static cap_id make(const struct bench *b, struct msg_text path, uint32_t bytes)
{
	enum file_outcome outcome = FILE_OUTCOME_DAMAGED, written = FILE_OUTCOME_DONE;
	cap_id file = {};
	enum status status = directory_create(b->transport, b->files, path, FILE_SHARING_READERS, &outcome,
					      &file);

	for (uint32_t at = 0; at < bytes && status == STATUS_OK; at += PIECE)
		status = file_write(b->transport, file, at, (struct msg_data){from, PIECE}, &written);
	(void)ok("make", status, outcome != FILE_OUTCOME_DONE ? outcome : written);
	return file;
}

static void attach(struct files *f)
{
	const struct bench *b = f->b;
	struct file_attach_params_builder p;
	struct rpc_call call;
	cap_id memory = {};
	enum status status = shared_buffer_make(&f->buffer, b->transport, b->memory, BLOCK, 1, &memory);

	if (status == STATUS_OK) {
		p = file_attach_begin(&call, b->transport, f->file);
		shared_buffer_builder_set_memory(file_attach_params_builder_init_buffer(p),
						 rpc_add_cap(&call, memory));
		file_attach_params_builder_set_writable(p, true);
		status = rpc_call(&call);
		rpc_end(&call);
	}
	if (status != STATUS_OK)
		bench_fail("attach", status);
}

static struct msg_text numbered(char name[16], char first, uint32_t number)
{
	__builtin_memcpy(name, "xile00000", 10);
	name[0] = first;
	for (uint32_t i = 0; i < 5; i++, number /= 10)
		name[8 - i] = (char)('0' + number % 10);
	return (struct msg_text){name, 9};
}

uint64_t bench_frames_free(const struct bench *b)
{
	struct system_info_counters_results_reader results;
	struct rpc_call call;
	uint64_t frames = 0;

	system_info_counters_begin(&call, b->transport, b->info);
	if (system_info_counters_call(&call, &results) == STATUS_OK)
		frames = system_info_counters_reader_frames_free(
			system_info_counters_results_reader_counters(results));
	rpc_end(&call);
	return frames;
}

static void open_many(const struct bench *b)
{
	uint64_t before = bench_frames_free(b), used;
	char name[16];

	for (uint32_t i = 0; i < OPEN; i++)
		(void)make(b, numbered(name, 'o', i), PIECE); /* and keeps it open */
	used = before - bench_frames_free(b);
	runtime_print("row open_1000_files %lu.0 0\n", (used - OPEN) * 4);
}

void bench_files(struct bench *b)
{
	struct files f = {.b = b, .path = MSG_TEXT("file00000"), .key = "open_close"};
	char name[16];

	open_many(b);
	f.file = make(b, f.path, BLOCK);
	bench_run("open_close", 500, open_close, &f);
	f.key = "file_read_4096";
	bench_run(f.key, 500, read_piece, &f);
	f.key = "file_readbuf_65536";
	attach(&f);
	bench_run(f.key, 100, read_block, &f);
	bench_run("copy_65536", 100, copy_block, &f);
	for (uint32_t i = 1; i < MANY; i++)
		ring_release(b->ring, make(b, numbered(name, 'f', i), 0));
	f.key = "open_close_10000";
	bench_run(f.key, 500, open_close, &f);
}
