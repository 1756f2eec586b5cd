// SPDX-License-Identifier: MIT OR Apache-2.0
/* store: from the grants to the service loop. */
#include <runtime/commit.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "store.h"

#define DEFAULT_MIB 64u

struct store st;

static uint64_t megabytes(struct msg_text text)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && number < 1u << 20;
	     i++)
		number = number * 10 + (uint64_t)(text.ptr[i] - '0');
	return (number ? number : DEFAULT_MIB) << 20;
}

/* Without an entropy source who chooses names could make a list of the tree. */
static void make_seed(uint64_t seed[2])
{
	struct entropy_source_fill_results_reader results;
	struct rpc_call call;
	cap_id entropy;

	seed[0] = runtime_now();
	seed[1] = (uint64_t)(uintptr_t)&st;
	if (runtime_cap("entropy", ENTROPY_SOURCE_INTERFACE_ID, &entropy) != STATUS_OK)
		return;
	entropy_source_fill_params_builder_set_count(entropy_source_fill_begin(&call, st.transport, entropy),
						     16);
	if (entropy_source_fill_call(&call, &results) == STATUS_OK) {
		struct msg_data bytes = entropy_source_fill_results_reader_bytes(results);

		if (bytes.len == 16)
			__builtin_memcpy(seed, bytes.ptr, 16);
	}
	rpc_end(&call);
}

static_assert(FILES_NOBODY == PAID_BY_NOBODY);

void memory_pays(uint64_t session)
{
	st.blobs.memory.payer = st.names.payer = shares_place(&st.stored, session);
}

static bool free_more(void *context)
{
	(void)context;
	return blobs_free_more(&st.blobs);
}

void memory_tidy(void)
{
	if (st.blobs.dead || st.blobs.remains)
		service_work(&st.service, free_more);
}

STORE_BIND(store, store_ops);
BLOB_BIND(blob, blob_ops);
BLOB_WRITER_BIND(blob_writer, blob_writer_ops);
NAMESPACE_BIND(namespace, namespace_ops);

int main(void)
{
	static const struct service_interface interfaces[] = {
		{&store_interface, &store_ops},
		{&blob_interface, &blob_ops},
		{&blob_writer_interface, &blob_writer_ops},
		{&namespace_interface, &namespace_ops},
	};
	static rpc_method_fn *const *const bound[] = {store_bound, blob_bound, blob_writer_bound,
						      namespace_bound};
	uint64_t seed[2];
	enum status status;

	st.transport = runtime_transport();
	st.endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	st.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	st.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	commit_program_or_exit(st.transport, st.space);
	status = service_init(&st.service, runtime_ring(), st.endpoint,
			      &(struct service_options){
				      .interfaces = interfaces,
				      .interface_count = sizeof(interfaces) / sizeof(interfaces[0]),
				      .bound = bound,
				      .object = handle_of,
				      .released = handle_released,
				      .max_reply = MAX_MESSAGE,
			      });
	if (status != STATUS_OK)
		return 1;
	pool_mapped_init(&st.pool, st.transport, st.space, megabytes(runtime_argument(0)));
	keys_init(&st.handles, &st.pool.pool, sizeof(struct handle), MAX_HANDLES);
	shares_init(&st.open, MAX_HANDLES);
	shares_init(&st.buffers, MAX_BUFFERS);
	shares_init(&st.watches, MAX_WATCHES);
	shares_init(&st.stored, st.pool.max_bytes - st.pool.max_bytes / OWN_PART);
	make_seed(seed);
	st.paid = (struct paid_pool){&st.pool.pool, &st.stored, free_more, nullptr};
	if (blobs_init(&st.blobs, (struct files_memory){paid_pool_alloc, paid_pool_free, &st.paid,
							FILES_NOBODY}) != FILES_DONE)
		return 1;
	names_init(&st.names, &st.blobs, seed);
	return service_run(&st.service) == STATUS_OK ? 0 : 1;
}
