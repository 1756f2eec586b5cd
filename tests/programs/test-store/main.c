// SPDX-License-Identifier: MIT OR Apache-2.0
/* test-store: what schema/service/{store,namespace}.capnp promise, through calls. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "store.h"

struct world w;

void drop(cap_id id)
{
	ring_release(w.ring, id);
	ring_flush(w.ring);
}

unsigned put(const void *bytes, uint32_t count, const uint8_t *expected, uint8_t *id, cap_id *blob)
{
	struct store_put_results_reader results;
	struct rpc_call call;
	struct store_put_params_builder p = store_put_begin_sized(&call, w.t, rpc_target_cap(w.store),
								  rpc_data_room(count) + 32);
	unsigned outcome = FAILED;

	store_put_params_builder_set_bytes(p, (struct msg_data){bytes, count});
	if (expected)
		store_put_params_builder_set_expected(p, (struct msg_data){expected, 32});
	if (!blob)
		rpc_sqe(&call)->buf_caps = 0;
	if (store_put_call(&call, &results) == STATUS_OK) {
		struct msg_data got = store_put_results_reader_id(results);

		outcome = store_put_results_reader_outcome(results);
		if (id && got.len == 32)
			__builtin_memcpy(id, got.ptr, 32);
		if (blob)
			*blob = rpc_result_cap(&call, store_put_results_reader_blob(results));
	}
	rpc_end(&call);
	return outcome;
}

unsigned get(const uint8_t *id, uint64_t offset, void *bytes, uint32_t count, uint32_t *got, uint64_t *size)
{
	struct rpc_call call;
	struct store_get_params_builder p;
	unsigned outcome = FAILED;

	p.b = rpc_begin_root(&call, w.t, rpc_target_cap(w.store),
			     (struct rpc_shape){.interface_id = STORE_INTERFACE_ID,
						.method = STORE_GET,
						.params_bytes = 128,
						.result_bytes = 64 + rpc_data_room(count)},
			     STORE_GET_PARAMS_DATA_WORDS, STORE_GET_PARAMS_POINTERS);
	store_get_params_builder_set_id(p, (struct msg_data){id, 32});
	store_get_params_builder_set_offset(p, offset);
	store_get_params_builder_set_count(p, count);
	*got = 0;
	if (rpc_call(&call) == STATUS_OK) {
		struct store_get_results_reader results = store_get_results(&call);
		struct msg_data data = store_get_results_reader_bytes(results);

		outcome = store_get_results_reader_outcome(results);
		*got = data.len < count ? data.len : count;
		__builtin_memcpy(bytes, data.ptr, *got);
		*size = store_get_results_reader_size(results);
	}
	rpc_end(&call);
	return outcome;
}

uint64_t collect(void)
{
	uint64_t blobs = UINT64_MAX, bytes;

	(void)!store_collect(w.t, w.store, &blobs, &bytes);
	return blobs;
}

static void build_binding(struct rpc_call *call, struct namespace_binding_builder b, const struct bind *bind)
{
	struct namespace_value_builder value;

	switch (bind->kind) {
	case BIND_BLOB:
		namespace_binding_builder_set_blob(b, (struct msg_data){bind->id, 32});
		break;
	case BIND_VALUE:
		value = namespace_binding_builder_init_value(b);
		namespace_value_builder_set_type_id(value, 7);
		namespace_value_builder_set_bytes(value,
						  (struct msg_data){(const uint8_t *)bind->value,
								    (uint32_t)__builtin_strlen(bind->value)});
		break;
	case BIND_SPACE:
		namespace_binding_builder_set_namespace(b, rpc_add_cap(call, bind->space));
		break;
	default:
		namespace_binding_builder_set_none(b);
		break;
	}
}

unsigned update(cap_id names, const struct bind *binds, uint32_t count, uint64_t expected,
		uint64_t *generation, uint32_t *index)
{
	struct namespace_update_results_reader results;
	struct rpc_call call;
	struct namespace_update_params_builder p = namespace_update_begin_sized(&call, w.t,
										rpc_target_cap(names), 4096);
	struct namespace_change_list_builder list = namespace_update_params_builder_init_changes(p, count);
	unsigned outcome = FAILED;

	namespace_update_params_builder_set_expected(p, expected);
	for (uint32_t i = 0; i < count; i++) {
		struct namespace_change_builder c = namespace_change_list_builder_at(list, i);

		namespace_change_builder_set_name(c, msg_text_from(binds[i].name));
		namespace_change_builder_set_check(c, binds[i].check);
		namespace_change_builder_set_version(c, binds[i].version);
		build_binding(&call, namespace_change_builder_init_binding(c), &binds[i]);
	}
	if (namespace_update_call(&call, &results) == STATUS_OK) {
		outcome = namespace_update_results_reader_outcome(results);
		*generation = namespace_update_results_reader_generation(results);
		*index = namespace_update_results_reader_index(results);
	}
	rpc_end(&call);
	return outcome;
}

unsigned look(cap_id names, const char *name, char *value, uint8_t *id, cap_id *space, uint64_t *version)
{
	struct namespace_lookup_results_reader results;
	struct namespace_binding_reader binding;
	struct rpc_call call;
	unsigned kind = FAILED;

	namespace_lookup_params_builder_set_name(namespace_lookup_begin(&call, w.t, names),
						 msg_text_from(name));
	if (namespace_lookup_call(&call, &results) == STATUS_OK) {
		kind = FAILED + namespace_lookup_results_reader_outcome(results);
		binding = namespace_lookup_results_reader_binding(results);
		if (namespace_lookup_results_reader_outcome(results) == DONE) {
			*version = namespace_binding_reader_version(binding);
			kind = namespace_binding_reader_which(binding);
		}
		if (kind == NAMESPACE_BINDING_WHICH_VALUE) {
			struct msg_data bytes = namespace_value_reader_bytes(
				namespace_binding_reader_value(binding));

			__builtin_memset(value, 0, 64);
			__builtin_memcpy(value, bytes.ptr, bytes.len < 63 ? bytes.len : 63);
		} else if (kind == NAMESPACE_BINDING_WHICH_BLOB) {
			struct msg_data bytes = namespace_binding_reader_blob(binding);

			__builtin_memcpy(id, bytes.ptr, bytes.len < 32 ? bytes.len : 32);
		} else if (kind == NAMESPACE_BINDING_WHICH_NAMESPACE) {
			*space = rpc_result_cap(&call, namespace_binding_reader_namespace(binding));
		}
	}
	rpc_end(&call);
	return kind;
}

int main(void)
{
	w.t = runtime_transport();
	w.ring = runtime_ring();
	w.store = runtime_need("store", STORE_INTERFACE_ID);
	w.names = runtime_need("names", NAMESPACE_INTERFACE_ID);
	w.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	w.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	if (runtime_argument_count() > 0)
		return child_poor();
	w.view = runtime_need("view", NAMESPACE_INTERFACE_ID);
	tap_start();
	child_start_up();
	test_blobs();
	test_names();
	test_model(2001);
	test_quota();

	struct child_counts before = child_counts();

	test_blobs();
	test_names();
	test_model(2002);
	tap_ok(child_counts_return(&before), "a second time leaves the machine as it was");
	test_garble();
	return tap_end();
}
