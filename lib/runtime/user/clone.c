// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * runtime_clone: one stack, two returns. The calling thread's block (ring, thread-local variables) lies at the same address
 * in the clone; its ring is opened anew on the clone's region.
 */
#include <runtime/clone.h>
#include <runtime/runtime.h>
#include <schema/kernel/process_spawner.capnp.h>

#include "thread_block.h"

#define HIDDEN [[gnu::visibility("hidden")]]
HIDDEN extern uint8_t clone_entry[];
HIDDEN enum status clone_both(cap_id spawner, const struct runtime_clone_options *options, cap_id *process);
HIDDEN enum status clone_call(cap_id spawner, const struct runtime_clone_options *options, cap_id *process,
			      uint64_t saved);
HIDDEN void clone_begin(struct cap_region *region);

/* The FS base is this program's C library's, if it has one, and its first word is itself. */
static uint64_t fs_base(void)
{
	uint64_t base;

	__asm__("movq %%fs:0, %0" : "=r"(base));
	return base;
}

static void set_limits(struct process_spawner_clone_params_builder p, const struct runtime_clone_options *o)
{
	struct process_spawner_limits_builder limits;

	if (!(o->pages | o->capabilities | o->threads | o->processes))
		return;
	limits = process_spawner_clone_params_builder_init_limits(p);
	process_spawner_limits_builder_set_pages(limits, o->pages);
	process_spawner_limits_builder_set_capabilities(limits, o->capabilities);
	process_spawner_limits_builder_set_threads(limits, o->threads);
	process_spawner_limits_builder_set_processes(limits, o->processes);
}

/* In the caller. The clone never comes here: it begins where clone_both saved the registers. */
enum status clone_call(cap_id spawner, const struct runtime_clone_options *options, cap_id *process,
		       uint64_t saved)
{
	static const struct runtime_clone_options defaults;
	const struct runtime_clone_options *o = options ? options : &defaults;
	struct process_spawner_clone_results_reader r;
	struct rpc_call call;
	struct process_spawner_clone_params_builder p = process_spawner_clone_begin(
		&call, runtime_transport(), spawner);

	process_spawner_clone_params_builder_set_entry(p, (uint64_t)(uintptr_t)clone_entry);
	process_spawner_clone_params_builder_set_stack(p, saved);
	process_spawner_clone_params_builder_set_argument(p, fs_base());
	if (o->name.len)
		process_spawner_clone_params_builder_set_name(p, o->name);
	set_limits(p, o);
	process_spawner_clone_params_builder_set_session(p, rpc_add_cap(&call, o->session));
	enum status status = process_spawner_clone_call(&call, &r);

	if (status == STATUS_OK)
		*process = rpc_result_cap(&call, process_spawner_clone_results_reader_process(r));
	rpc_end(&call);
	return status;
}

/* In the clone, before anything that needs the FS base. */
[[gnu::no_stack_protector]] void clone_begin(struct cap_region *region)
{
	__asm__ volatile("wrfsbase %0" : : "r"(region->thread_arg) : "memory");
	struct thread_block *block = thread_block_current();

	ring_client_init(&block->ring, region);
	ring_release(&block->ring, block->own); /* the caller's thread; this one asks for its own */
	block->own = CAP_ID_NULL;
}

enum status runtime_clone(cap_id spawner, const struct runtime_clone_options *options, cap_id *process)
{
	*process = CAP_ID_NULL; /* what the clone has, at the moment of the call */
	return clone_both(spawner, options, process);
}
