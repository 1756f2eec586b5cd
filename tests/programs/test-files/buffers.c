// SPDX-License-Identifier: MIT OR Apache-2.0
/* Bytes through shared memory: attached buffers, private copies, files that are mapped; and buffers meant to harm. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/impostor.h>

#include "files.h"

#define DONE FILE_OUTCOME_DONE
#define BYTES 65536u

static void begin_attach(struct rpc_call *call, cap_id file, cap_id memory, bool writable)
{
	struct file_attach_params_builder p = file_attach_begin(call, w.t, file);

	shared_buffer_builder_set_memory(file_attach_params_builder_init_buffer(p),
					 rpc_add_cap(call, memory));
	file_attach_params_builder_set_writable(p, writable);
}

static unsigned attach(cap_id file, cap_id memory, bool writable)
{
	struct file_attach_results_reader results;
	struct rpc_call call;
	unsigned outcome = FAILED;

	begin_attach(&call, file, memory, writable);
	if (file_attach_call(&call, &results) == STATUS_OK)
		outcome = file_attach_results_reader_outcome(results);
	rpc_end(&call);
	return outcome;
}

static bool refuses(cap_id file, cap_id memory)
{
	struct rpc_call call;

	begin_attach(&call, file, memory, false);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "buffer");
}

static void test_attached(cap_id dir)
{
	struct shared_buffer buffer;
	cap_id memory = {}, file = {};
	enum file_outcome outcome = 0;
	uint64_t count = 0, offset = 0;
	bool good = true;

	(void)!shared_buffer_make(&buffer, w.t, w.space, 4096, BYTES / 4096, &memory);
	(void)create_path(dir, "f", FILE_SHARING_READERS, &file);
	tap_ok(file_read_buf(w.t, file, 0, 1, 0, &outcome, &count) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED,
	       "without a buffer there is nothing to read into");
	tap_ok(attach(file, memory, true) == DONE, "a buffer is attached");
	for (uint32_t i = 0; i < BYTES; i++)
		buffer.data[i] = (uint8_t)(i * 7 + i / 256);
	tap_ok(file_write_buf(w.t, file, 100, BYTES, 0, &outcome) == STATUS_OK && outcome == DONE,
	       "64 KiB are written from it");
	__builtin_memset(buffer.data, 0, BYTES);
	tap_ok(file_read_buf(w.t, file, 101, BYTES, 1, &outcome, &count) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED,
	       "a range that reaches beyond the buffer is refused");
	tap_ok(file_read_buf(w.t, file, 100, BYTES, 0, &outcome, &count) == STATUS_OK && outcome == DONE &&
		       count == BYTES,
	       "and read into it");
	for (uint32_t i = 0; i < BYTES; i++)
		good &= buffer.data[i] == (uint8_t)(i * 7 + i / 256);
	tap_ok(good, "the same ones");
	tap_ok(file_append_buf(w.t, file, 10, 5, &outcome, &offset) == STATUS_OK && outcome == DONE &&
		       offset == BYTES + 100 &&
		       file_read_buf(w.t, file, offset, 100, 0, &outcome, &count) == STATUS_OK && count == 10,
	       "some are appended");
	(void)!file_detach(w.t, file);
	tap_ok(file_read_buf(w.t, file, 0, 1, 0, &outcome, &count) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED,
	       "until it is detached");
	(void)attach(file, memory, false);
	tap_ok(file_read_buf(w.t, file, 0, 1, 0, &outcome, &count) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED &&
		       file_write_buf(w.t, file, 0, 1, 0, &outcome) == STATUS_OK && outcome == DONE,
	       "one attached for reading is not written");
	drop(file);
	(void)remove_path(dir, "f");
	shared_buffer_detach(&buffer);
	drop(memory);
}

/* Memory is its maker's to pay: here a process that can have its first page, and no other. */
static void test_pages_of_others(cap_id file)
{
	const struct shared_buffer_header header = {.magic = SHARED_BUFFER_MAGIC,
						    .version = SHARED_BUFFER_VERSION,
						    .slot_bytes = 4096,
						    .slots = 200};
	struct process_spawner_create_results_reader results;
	cap_id process = {}, space = {}, memory = {};
	struct rpc_call call;

	struct process_spawner_create_params_builder p = process_spawner_create_begin(
		&call, w.t, runtime_need("processSpawner", PROCESS_SPAWNER_INTERFACE_ID));

	process_spawner_create_params_builder_set_name(p, txt("payer"));
	process_spawner_limits_builder_set_pages(process_spawner_create_params_builder_init_limits(p), 100);
	if (process_spawner_create_call(&call, &results) == STATUS_OK) {
		process = rpc_result_cap(&call, process_spawner_create_results_reader_process(results));
		space = rpc_result_cap(&call, process_spawner_create_results_reader_space(results));
	}
	rpc_end(&call);
	(void)!virtual_memory_create_memory(w.t, space, SHARED_BUFFER_DATA + 200 * 4096, &memory);
	(void)!memory_object_write(w.t, memory, 0,
				   (struct msg_data){(const uint8_t *)&header, sizeof(header)});
	tap_ok(attach(file, memory, false) == FILE_OUTCOME_NO_SPACE,
	       "one whose maker has no page left is refused");
	drop(memory);
	drop(space);
	(void)!process_handle_kill(w.t, process, 0);
	drop(process);
}

/* Buffers that would bring the service down if it believed in them. */
static void test_hostile(cap_id dir)
{
	struct shared_buffer buffer;
	cap_id memory = {}, file = {}, lent = {}, revoker = {}, plain = {}, share = {}, large = {};

	(void)!shared_buffer_make(&buffer, w.t, w.space, 4096, 2, &memory);
	(void)create_path(dir, "h", FILE_SHARING_READERS, &file);
	(void)!capability_manager_make_revocable(w.t, w.manager, memory, 0, &lent, &revoker);
	tap_ok(refuses(file, lent), "a buffer that could be taken back is refused");
	(void)!capability_manager_attenuate(w.t, w.manager, memory, MEMORY_OBJECT_INTERFACE_ID,
					    1ull << MEMORY_OBJECT_SIZE, &share);
	tap_ok(refuses(file, share), "one that may not be read");
	test_pages_of_others(file);
	(void)!virtual_memory_create_memory(w.t, w.space, 8192, &plain);
	tap_ok(refuses(file, plain), "memory that is no buffer");
	(void)!virtual_memory_create_memory(w.t, w.space, 2 << 20, &large);
	tap_ok(refuses(file, large), "too much of it");
	tap_ok(refuses(file, w.manager), "what is no memory");
	tap_ok(refuses(file, CAP_ID_NULL), "and nothing at all");
	/* The header is read once: who changes it later changes nothing. */
	tap_ok(attach(file, memory, true) == DONE, "a good one is taken");
	((struct shared_buffer_header *)(uintptr_t)buffer.address)->slots = UINT32_MAX;
	enum file_outcome outcome = 0;
	tap_ok(file_write_buf(w.t, file, 0, 8193, 0, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED &&
		       file_write_buf(w.t, file, 0, UINT64_MAX, 1, &outcome) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_ATTACHED &&
		       file_write_buf(w.t, file, 0, 8192, 0, &outcome) == STATUS_OK && outcome == DONE,
	       "and keeps the size that it had");
	drop(file);
	(void)remove_path(dir, "h");
	shared_buffer_detach(&buffer);
	drop(lent);
	drop(revoker);
	drop(plain);
	drop(share);
	drop(large);
	drop(memory);
}

static bool is_served(cap_id dir)
{
	struct rpc_call call;
	bool good;

	(void)directory_stat_begin(&call, w.t, dir);
	rpc_set_deadline(&call, impostor_in_time());
	good = rpc_call(&call) == STATUS_OK;
	rpc_end(&call);
	return good;
}

/* Who calls what a client serves waits for that client. */
static void test_impostors(cap_id dir)
{
	struct impostor i;
	struct rpc_call call;
	cap_id file = {};

	(void)make_file(dir, "i", "text");
	(void)edit_path(dir, "i", FILE_SHARING_READERS, &file);
	tap_ok(impostor_make(&i, w.t, w.manager, MEMORY_OBJECT_INTERFACE_ID) == STATUS_OK,
	       "memory that its giver serves, and never answers for");
	begin_attach(&call, file, i.facet, true);
	impostor_send(&call);
	tap_ok(impostor_refused(&call, is_served(dir), "buffer"),
	       "refused as a buffer, and nobody waits for it");

	struct file_copy_params_builder p = file_copy_begin(&call, w.t, file);

	file_copy_params_builder_set_count(p, 4);
	file_copy_params_builder_set_into(p, rpc_add_cap(&call, i.facet));
	impostor_send(&call);
	tap_ok(impostor_refused(&call, is_served(dir), "into"), "and to copy into");
	begin_attach(&call, file, i.facet_template, true);
	impostor_send(&call);
	tap_ok(impostor_refused(&call, is_served(dir), "buffer"), "so is what it could be minted from");
	impostor_drop(&i);
	drop(file);
	(void)remove_path(dir, "i");
}

static void test_copy(cap_id dir)
{
	cap_id memory = {}, file = {};
	enum file_outcome outcome = 0;
	uint64_t count = 0, address = 0;
	struct rpc_call call;

	(void)!virtual_memory_create_memory(w.t, w.space, 8192, &memory);
	(void)!virtual_memory_map(w.t, w.space, memory, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
				  &address);
	(void)make_file(dir, "c", "copy me");
	(void)open_path(dir, "c", &file);

	char *mapped = (char *)(uintptr_t)address;

	tap_ok(file_copy(w.t, file, 5, 100, memory, 4094, &outcome, &count) == STATUS_OK && outcome == DONE &&
		       count == 2 && mapped[4094] == 'm' && mapped[4095] == 'e' && mapped[4096] == 0,
	       "a private copy into the caller's memory");
	file_copy_params_builder_set_count(file_copy_begin(&call, w.t, file), 1);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "into"), "into nothing is refused");

	struct file_copy_params_builder p = file_copy_begin(&call, w.t, file);

	file_copy_params_builder_set_count(p, 7);
	file_copy_params_builder_set_into(p, rpc_add_cap(&call, memory));
	file_copy_params_builder_set_at(p, 8190);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "into"), "so is a range beyond its end");
	(void)!virtual_memory_unmap(w.t, w.space, address, 8192);
	drop(memory);
	drop(file);
	(void)remove_path(dir, "c");
}

static void test_mapped(cap_id dir)
{
	cap_id shared = {}, memory = {}, file = {}, reader = {};
	enum file_outcome outcome = 0;
	uint64_t size = 0, address = 0, other = 0;
	uint32_t got;
	char bytes[16];

	(void)create_path(dir, "m", FILE_SHARING_READERS, &file);
	tap_ok(file_map(w.t, file, &outcome, &memory, &size) == STATUS_OK &&
		       outcome == FILE_OUTCOME_NOT_FOUND,
	       "an empty file has nothing to map");
	(void)put(file, 4090, "0123456789", 10);
	(void)open_path(dir, "m", &reader);
	tap_ok(file_map(w.t, reader, &outcome, &memory, &size) == STATUS_OK && outcome == DONE &&
		       size == 4100 &&
		       virtual_memory_map(w.t, w.space, memory, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ,
					  &address) == STATUS_OK,
	       "a file is mapped");
	const volatile char *seen = (const volatile char *)(uintptr_t)address;
	tap_ok(seen[4090] == '0' && seen[4099] == '9' && seen[4100] == 0 && seen[0] == 0,
	       "its bytes are there");
	tap_ok(virtual_memory_map(w.t, w.space, memory, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
				  &other) != STATUS_OK &&
		       file_map_shared(w.t, reader, &outcome, &shared, &size) == STATUS_DENIED,
	       "who reads cannot map it writable");
	(void)put(file, 4095, "XY", 2);
	tap_ok(seen[4095] == 'X' && seen[4096] == 'Y', "what is written by calls is seen there");
	tap_ok(file_map_shared(w.t, file, &outcome, &shared, &size) == STATUS_OK && outcome == DONE &&
		       virtual_memory_map(w.t, w.space, shared, 0, 8192, 0,
					  VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &other) == STATUS_OK,
	       "who writes can map it writable");
	uint64_t private = 0;
	tap_ok(virtual_memory_map_as(w.t, w.space, memory, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
				     VIRTUAL_MEMORY_SHARING_COPY_ON_WRITE, &private) == STATUS_OK,
	       "who only reads can map it copy-on-write");
	volatile char *mine = (volatile char *)(uintptr_t)private;
	mine[4091] = 'P';
	tap_ok(mine[4090] == '0' && mine[4091] == 'P' && seen[4091] == '1' && mine[4096] == 'Y',
	       "and what it writes stays its own");
	char *written = (char *)(uintptr_t)other;
	written[4097] = 'Z';
	written[5000] = 'Q';
	tap_ok(seen[4097] == 'Z' && get(reader, 4090, bytes, 16, &got) == DONE && got == 10 &&
		       bytes[7] == 'Z',
	       "what is written there is seen by calls and in the other mapping");
	(void)put(file, 5001, "E", 1);
	tap_ok(get(reader, 5000, bytes, 2, &got) == DONE && bytes[0] == 0 && bytes[1] == 'E',
	       "but not what lay behind the end of the file");
	(void)put(file, 20000, "far", 3);
	tap_ok(get(reader, 20000, bytes, 3, &got) == DONE && bytes[2] == 'r',
	       "the file grows beyond what is mapped");
	tap_ok(remove_path(dir, "m") == DONE && memory_object_size(w.t, shared, &size) == STATUS_REVOKED &&
		       virtual_memory_unmap(w.t, w.space, address, 8192) == STATUS_EXCEPTION &&
		       virtual_memory_unmap(w.t, w.space, private, 8192) == STATUS_EXCEPTION,
	       "with the file, its mappings are gone");
	drop(file);
	drop(reader);
	drop(memory);
	drop(shared);
}

/* Far beyond what one call writes; mostly a hole, which the mapping has as zeroes. */
void test_large(void)
{
	const cap_id dir = w.root;
	const uint64_t bytes = 5u << 20;
	uint64_t address = 0, size = 0;
	cap_id file = {}, memory = {};
	enum file_outcome outcome = 0;
	char end[1] = {};
	uint32_t got;

	tap_ok(create_path(dir, "large", FILE_SHARING_READERS, &file) == DONE &&
		       put(file, 0, "first", 5) == DONE && put(file, bytes - 1, "z", 1) == DONE &&
		       file_map_shared(w.t, file, &outcome, &memory, &size) == STATUS_OK && outcome == DONE &&
		       size == bytes &&
		       virtual_memory_map(w.t, w.space, memory, 0, bytes, 0,
					  VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address) == STATUS_OK,
	       "a file of 5 MiB is mapped");

	char *mapped = (char *)(uintptr_t)address;

	tap_ok(__builtin_memcmp(mapped, "first", 5) == 0 && mapped[3u << 20] == 0 && mapped[bytes - 1] == 'z',
	       "with all its bytes");
	mapped[4u << 20] = 'm';
	tap_ok(get(file, 4u << 20, end, 1, &got) == DONE && got == 1 && end[0] == 'm',
	       "and is the file itself");
	(void)!virtual_memory_unmap(w.t, w.space, address, bytes);
	drop(memory);
	drop(file);
	(void)remove_path(dir, "large");
}

#define MOVING (5u << 20)

/* Something else that is done while it moves, and how often; the file is written to in between, here and there. */
static uint32_t serve_meanwhile(struct rpc_call *call, cap_id file, bool *good)
{
	enum file_outcome outcome;
	uint32_t answers = 0;

	for (; !__atomic_load_n(&call->done, __ATOMIC_RELAXED) && *good; answers++) {
		uint32_t at = answers * 65537u % (MOVING - 4);

		*good = put(file, at, &answers, 4) == DONE &&
			file_sync(w.t, file, &outcome, &(enum file_durability){}) == STATUS_OK &&
			outcome == DONE;
	}
	return answers;
}

/* What was written, early or late, is what calls and mappings show. */
static bool shows_all(const char *mapped, cap_id file, uint32_t answers)
{
	bool good = true;

	for (uint32_t i = 0; i < answers && good; i++) {
		uint32_t at = i * 65537u % (MOVING - 4), got, there = UINT32_MAX;

		good = __builtin_memcmp(mapped + at, &i, 4) == 0 && get(file, at, &there, 4, &got) == DONE &&
		       there == i;
	}
	return good;
}

/* A large file moves to memory of its own a piece at a time. */
static void test_meanwhile(cap_id dir)
{
	uint64_t address = 0;
	cap_id file = {}, memory = {};
	uint32_t answers = 0;
	struct rpc_call call, longer;
	bool good = create_path(dir, "moving", FILE_SHARING_READERS, &file) == DONE &&
		    put(file, 0, "first", 5) == DONE && put(file, MOVING - 1, "z", 1) == DONE;

	file_map_begin(&call, w.t, file);
	good = good && file_map_send(&call) == STATUS_OK;
	/* Both are there when the service looks. The answer says how large the file is when it is given. */
	file_truncate_params_builder_set_size(file_truncate_begin(&longer, w.t, file), MOVING + 10);
	good = good && file_truncate_send(&longer) == STATUS_OK && rpc_wait(&longer) == STATUS_OK;
	rpc_end(&longer);
	if (good)
		answers = serve_meanwhile(&call, file, &good);
	good = good && rpc_wait(&call) == STATUS_OK;

	struct file_map_results_reader results = file_map_results(&call);

	good = good && file_map_results_reader_outcome(results) == DONE &&
	       file_map_results_reader_size(results) == MOVING + 10;
	memory = rpc_result_cap(&call, file_map_results_reader_memory(results));
	rpc_end(&call);
	tap_ok(good, "while a large file is made ready to be mapped, other calls are answered");
	tap_ok(virtual_memory_map(w.t, w.space, memory, 0, MOVING, 0, VIRTUAL_MEMORY_PROTECTION_READ,
				  &address) == STATUS_OK &&
		       shows_all((const char *)(uintptr_t)address, file, answers) &&
		       ((const char *)(uintptr_t)address)[MOVING - 1] == 'z',
	       "and what they write meanwhile is in it");
	(void)!virtual_memory_unmap(w.t, w.space, address, MOVING);
	drop(memory);
	drop(file);
	(void)remove_path(dir, "moving");
}

/* Its end comes first: by removal, or that of who asked. */
static void test_moving_ends(cap_id dir)
{
	cap_id file = {}, lent = {}, revoker = {};
	uint64_t entries, calls, mappings;
	struct rpc_call call;
	bool good = create_path(dir, "moving", FILE_SHARING_READERS, &file) == DONE &&
		    put(file, MOVING - 1, "z", 1) == DONE;

	file_map_begin(&call, w.t, file);
	good = good && file_map_send(&call) == STATUS_OK && remove_path(dir, "moving") == DONE &&
	       rpc_wait(&call) == STATUS_OK &&
	       file_map_results_reader_outcome(file_map_results(&call)) == FILE_OUTCOME_STALE;
	rpc_end(&call);
	drop(file);
	tap_ok(good, "one that is removed meanwhile is stale for who waits for it");

	good = create_path(dir, "moving", FILE_SHARING_READERS, &file) == DONE &&
	       put(file, MOVING - 1, "z", 1) == DONE &&
	       capability_manager_make_revocable(w.t, w.manager, file, 0, &lent, &revoker) == STATUS_OK;
	file_map_begin(&call, w.t, lent);
	/* Its answer may still come first, if the service runs elsewhere and this processor does not. */
	good = good && file_map_send(&call) == STATUS_OK &&
	       revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK &&
	       rpc_wait(&call) == (calls == 1 ? STATUS_REVOKED : STATUS_OK);
	if (good && calls == 0)
		drop(rpc_result_cap(&call, file_map_results_reader_memory(file_map_results(&call))));
	rpc_end(&call);
	tap_ok(good && put(file, 0, "b", 1) == DONE && remove_path(dir, "moving") == DONE,
	       "and who no longer waits disturbs nobody");
	drop(lent);
	drop(revoker);
	drop(file);
}

/* Through a capability that is lent eight times over, nothing that is lent itself can come: the answer is refused. */
static void test_too_deep(cap_id dir)
{
	cap_id lent[8] = {}, revokers[8] = {}, file = {}, memory = {};
	enum file_outcome outcome = 0;
	struct rpc_call call;
	uint64_t size;
	bool good = make_file(dir, "deep", "deep") && open_path(dir, "deep", &file) == DONE;

	for (uint32_t i = 0; i < 8 && good; i++)
		good = capability_manager_make_revocable(w.t, w.manager, i ? lent[i - 1] : file, 0, &lent[i],
							 &revokers[i]) == STATUS_OK;
	for (int i = 0; i < 50 && good; i++) {
		file_map_begin(&call, w.t, lent[7]);
		good = tap_raises(&call, EXCEPTION_TYPE_FAILED, "");
	}
	tap_ok(good, "an answer that cannot be delivered is an exception, fifty times");
	tap_ok(file_map(w.t, file, &outcome, &memory, &size) == STATUS_OK && outcome == DONE,
	       "and nothing else");
	for (uint32_t i = 0; i < 8; i++) {
		ring_release(w.ring, lent[i]);
		ring_release(w.ring, revokers[i]);
	}
	drop(memory);
	drop(file);
	(void)remove_path(dir, "deep");
}

void test_buffers(void)
{
	cap_id dir = {};

	(void)make_dir(w.root, "buffers");
	(void)sub_path(w.root, "buffers", "rcwaml", &dir);
	test_attached(dir);
	test_hostile(dir);
	test_impostors(dir);
	test_copy(dir);
	test_mapped(dir);
	test_meanwhile(dir);
	test_moving_ends(dir);
	test_too_deep(dir);
	drop(dir);
	tap_ok(remove_path(w.root, "buffers") == DONE, "nothing is left of it");
}
