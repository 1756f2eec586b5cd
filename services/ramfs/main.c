// SPDX-License-Identifier: MIT OR Apache-2.0
/* ramfs: from the grants to the service loop. */
#include <runtime/commit.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "ramfs.h"

#define DEFAULT_MIB 64u

/* What clients read is what the tree says. */
static_assert((int)FILES_NOT_FOUND == FILE_OUTCOME_NOT_FOUND && (int)FILES_STALE == FILE_OUTCOME_STALE &&
	      (int)FILES_BAD_NAME == FILE_OUTCOME_BAD_NAME && (int)FILES_INSIDE == FILE_OUTCOME_INSIDE &&
	      (int)FILES_DAMAGED == FILE_OUTCOME_DAMAGED);

struct ramfs fs;

static uint64_t megabytes(struct msg_text text)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9' && number < 1u << 20;
	     i++)
		number = number * 10 + (uint64_t)(text.ptr[i] - '0');
	return (number ? number : DEFAULT_MIB) << 20;
}

/* Without an entropy source who chooses names could find some whose hashes collide, and be slow. */
static void make_seed(uint64_t seed[2])
{
	struct entropy_source_fill_results_reader results;
	struct rpc_call call;
	cap_id entropy;

	seed[0] = runtime_now();
	seed[1] = (uint64_t)(uintptr_t)&fs;
	if (runtime_cap("entropy", ENTROPY_SOURCE_INTERFACE_ID, &entropy) != STATUS_OK)
		return;
	entropy_source_fill_params_builder_set_count(entropy_source_fill_begin(&call, fs.transport, entropy),
						     16);
	if (entropy_source_fill_call(&call, &results) == STATUS_OK) {
		struct msg_data bytes = entropy_source_fill_results_reader_bytes(results);

		if (bytes.len == 16)
			__builtin_memcpy(seed, bytes.ptr, 16);
	}
	rpc_end(&call);
}

int main(void)
{
	static const struct service_interface interfaces[] = {
		{&file_interface, &file_ops},
		{&directory_interface, &directory_ops},
	};
	rpc_method_fn *const *const bound[] = {file_methods, directory_methods};
	uint64_t seed[2];
	enum status status;

	fs.transport = runtime_transport();
	fs.endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	fs.space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);
	fs.manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	commit_program_or_exit(fs.transport, fs.space);
	status = service_init(&fs.service, runtime_ring(), fs.endpoint,
			      &(struct service_options){
				      .interfaces = interfaces,
				      .interface_count = sizeof(interfaces) / sizeof(interfaces[0]),
				      .bound = bound,
				      .object = handle_of,
				      .released = handle_released,
				      .cancelled = memory_cancelled,
				      .max_reply = MAX_MESSAGE,
			      });
	if (status != STATUS_OK)
		return 1;
	pool_mapped_init(&fs.pool, fs.transport, fs.space, megabytes(runtime_argument(0)));
	keys_init(&fs.handles, &fs.pool.pool, sizeof(struct handle), MAX_HANDLES);
	shares_init(&fs.open, MAX_HANDLES);
	shares_init(&fs.buffers, MAX_BUFFERS);
	shares_init(&fs.watches, MAX_WATCHES);
	shares_init(&fs.mapped, MAX_LENT);
	shares_init(&fs.maps, MAX_MAP_CALLS);
	make_seed(seed);
	if (files_init(&fs.tree, memory_of_pool(), seed) != FILES_DONE)
		return 1;
	fs.tree.changed = handle_changed;
	fs.tree.dropped = memory_dropped;
	initial_load();
	return service_run(&fs.service) == STATUS_OK ? 0 : 1;
}
