// SPDX-License-Identifier: MIT OR Apache-2.0
/* Store, Blob, BlobWriter. */
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>
#include <testing/impostor.h>

#include "store.h"

static uint8_t bytes[8192], back[8192];

static void test_small(void)
{
	uint8_t id[32], hash[32], wrong[32] = {1};
	cap_id blob = {}, again = {};
	uint64_t size = 0;
	uint32_t got = 0;

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
	hash_blake2b(hash, bytes, 5000);
	tap_ok(put(bytes, 5000, hash, id, &blob) == DONE && __builtin_memcmp(id, hash, 32) == 0,
	       "a blob is named by its hash, and checked against it");
	tap_ok(put(bytes, 5000, wrong, id, &again) == FILE_OUTCOME_DAMAGED && !again.raw, "or refused");
	tap_ok(get(hash, 100, back, 8192, &got, &size) == DONE && got == 4900 && size == 5000 &&
		       __builtin_memcmp(back, bytes + 100, got) == 0,
	       "it is found by that name");
	tap_ok(get(wrong, 0, back, 10, &got, &size) == FILE_OUTCOME_NOT_FOUND, "and by no other");
	tap_ok(collect() == 0, "a capability keeps it");
	tap_ok(put(bytes, 5000, nullptr, id, &again) == DONE, "the same bytes once more");
	drop(blob);
	tap_ok(collect() == 0, "both capabilities keep it");
	drop(again);
	tap_ok(collect() == 1 && get(hash, 0, back, 10, &got, &size) == FILE_OUTCOME_NOT_FOUND,
	       "nothing else does");
	tap_ok(put(bytes, 10, nullptr, id, nullptr) == DONE && collect() == 1,
	       "who reserves no capability does not hold it");
}

unsigned finish(cap_id writer, const uint8_t *const *links, uint32_t link_count, const uint8_t *expected,
		uint8_t *id, cap_id *blob)
{
	struct blob_writer_finish_results_reader results;
	struct rpc_call call;
	struct blob_writer_finish_params_builder p = blob_writer_finish_begin(&call, w.t, writer);
	unsigned outcome = FAILED;

	if (link_count) {
		struct msg_list_builder list = blob_writer_finish_params_builder_init_links(p, link_count);

		for (uint32_t i = 0; i < link_count; i++)
			msg_set_data(msg_list_slot(list, i), (struct msg_data){links[i], 32});
	}
	if (expected)
		blob_writer_finish_params_builder_set_expected(p, (struct msg_data){expected, 32});
	if (blob_writer_finish_call(&call, &results) == STATUS_OK) {
		struct msg_data got = blob_writer_finish_results_reader_id(results);

		outcome = blob_writer_finish_results_reader_outcome(results);
		if (got.len == 32)
			__builtin_memcpy(id, got.ptr, 32);
		*blob = rpc_result_cap(&call, blob_writer_finish_results_reader_blob(results));
	}
	rpc_end(&call);
	return outcome;
}

static uint64_t stored(void)
{
	uint64_t blobs, used, stored = 0, limit, bound, puts, duplicates;
	uint32_t open;

	(void)!store_statistics(w.t, w.store, &blobs, &used, &stored, &limit, &open, &bound, &puts,
				&duplicates);
	return stored;
}

/* Of what was collected the memory comes back while calls are answered. */
static bool is_freed(uint64_t least)
{
	if (collect() != 2)
		return false;
	for (int i = 0; i < 1000; i++)
		if (stored() <= least)
			return true;
	return false;
}

static void test_streamed(void)
{
	struct hash_blake2b_state state;
	struct shared_buffer buffer;
	uint8_t id[32] = {}, hash[32], tree[32] = {};
	cap_id memory = {}, writer = {}, blob = {}, linked = {};
	enum file_outcome outcome = 0;
	uint64_t size = 0, count = 0, least;
	struct rpc_call call;
	bool good;

	least = stored() + 2 * 4096; /* of handles */
	(void)!shared_buffer_make(&buffer, w.t, w.space, 4096, 16, &memory);
	good = store_begin(w.t, w.store, &outcome, &writer) == STATUS_OK && outcome == DONE;
	shared_buffer_builder_set_memory(
		blob_writer_attach_params_builder_init_buffer(blob_writer_attach_begin(&call, w.t, writer)),
		rpc_add_cap(&call, memory));
	good = good && rpc_call(&call) == STATUS_OK;
	rpc_end(&call);
	hash_blake2b_init(&state);
	for (uint32_t piece = 0; piece < 8 && good; piece++) {
		for (uint32_t i = 0; i < 65000; i++)
			buffer.data[i] = (uint8_t)(i * 13 + piece);
		hash_blake2b_update(&state, buffer.data, 65000);
		good = blob_writer_append_buf(w.t, writer, 65000, 0, &outcome, &size) == STATUS_OK &&
		       outcome == DONE;
	}
	hash_blake2b_update(&state, bytes, 100);
	good = good &&
	       blob_writer_append(w.t, writer, (struct msg_data){bytes, 100}, &outcome, &size) == STATUS_OK &&
	       size == 8 * 65000 + 100;
	hash_blake2b_final(&state, hash);
	tap_ok(good && finish(writer, nullptr, 0, nullptr, id, &blob) == DONE &&
		       __builtin_memcmp(id, hash, 32) == 0,
	       "a large blob comes in pieces, and has the hash of all of it");
	tap_ok(blob_writer_append(w.t, writer, (struct msg_data){bytes, 1}, &outcome, &size) == STATUS_OK &&
		       outcome == FILE_OUTCOME_STALE,
	       "its writer is used up");
	drop(writer);
	shared_buffer_builder_set_memory(
		blob_attach_params_builder_init_buffer(blob_attach_begin(&call, w.t, blob)),
		rpc_add_cap(&call, memory));
	good = rpc_call(&call) == STATUS_OK;
	rpc_end(&call);
	tap_ok(good && blob_read_buf(w.t, blob, 65000, 65000, 0, &outcome, &count) == STATUS_OK &&
		       outcome == DONE && count == 65000 && buffer.data[100] == (uint8_t)(1300 + 1),
	       "it is read through a buffer");
	tap_ok(store_verify(w.t, w.store, (struct msg_data){hash, 32}, &outcome) == STATUS_OK &&
		       outcome == DONE,
	       "and verified");
	(void)!store_begin(w.t, w.store, &outcome, &writer);
	tap_ok(finish(writer, (const uint8_t *const[]){hash}, 1, nullptr, tree, &linked) == DONE &&
		       __builtin_memcmp(tree, hash, 32) != 0,
	       "a blob with a link to it");
	drop(writer);
	drop(blob);
	tap_ok(collect() == 0, "keeps it");
	drop(linked);
	tap_ok(is_freed(least), "and lets it go");
	(void)!store_begin(w.t, w.store, &outcome, &writer);
	(void)!blob_writer_append(w.t, writer, (struct msg_data){bytes, 8000}, &outcome, &size);
	drop(writer);
	shared_buffer_detach(&buffer);
	drop(memory);
}

/* Who calls what a client serves waits for that client. */
static void test_impostor(void)
{
	enum file_outcome outcome = 0;
	struct rpc_call call, other;
	struct impostor i;
	cap_id writer = {};
	bool served;

	tap_ok(impostor_make(&i, w.t, w.manager, MEMORY_OBJECT_INTERFACE_ID) == STATUS_OK &&
		       store_begin(w.t, w.store, &outcome, &writer) == STATUS_OK && outcome == DONE,
	       "memory that its giver serves, and never answers for");
	shared_buffer_builder_set_memory(
		blob_writer_attach_params_builder_init_buffer(blob_writer_attach_begin(&call, w.t, writer)),
		rpc_add_cap(&call, i.facet));
	impostor_send(&call);
	(void)namespace_generation_begin(&other, w.t, w.names);
	rpc_set_deadline(&other, impostor_in_time());
	served = rpc_call(&other) == STATUS_OK;
	rpc_end(&other);
	tap_ok(impostor_refused(&call, served, "buffer"), "refused as a buffer, and nobody waits for it");
	impostor_drop(&i);
	drop(writer);
}

/* The service has 8 MiB; three quarters of that are for what is stored, and of those one session gets half. */
static void test_exhaustion(void)
{
	uint8_t first[32], id[32];
	uint32_t count = 0, got = 0;
	uint64_t size;
	unsigned outcome = DONE;

	for (; outcome == DONE && count < 2000; count++) {
		__builtin_memcpy(bytes, &count, sizeof(count));
		outcome = put(bytes, 8192, nullptr, count ? id : first, nullptr);
	}
	tap_ok(outcome == FILE_OUTCOME_NO_SPACE && count > 300, "memory ends as an outcome (%u blobs)",
	       count);
	tap_ok(get(first, 0, back, 8192, &got, &size) == DONE && got == 8192, "what is there can be read");
	tap_ok(collect() == count - 1 && put(bytes, 8192, nullptr, id, nullptr) == DONE && collect() == 1,
	       "collecting gives the room back");
}

void test_blobs(void)
{
	uint64_t blobs = 1, used, stored, limit, bound, puts, duplicates;
	uint32_t open = 1;

	test_small();
	test_streamed();
	test_impostor();
	test_exhaustion();
	tap_ok(store_statistics(w.t, w.store, &blobs, &used, &stored, &limit, &open, &bound, &puts,
				&duplicates) == STATUS_OK &&
		       blobs == 0 && open == 0 && used == 0 && limit == 8 << 20 && duplicates > 0,
	       "the statistics say so");
}
