// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the object room: the types of kernel objects, and the shape that all share.
 *
 * One file an object, X.c, implements schema/kernel/X.capnp: a table of operations, a type, and a constructor. Singletons
 * are static objects that hold one reference for ever.
 */
#pragma once

#include <cap/object.h>
#include <cap/process.h>
#include <core/types.h>
#include <arch/memory.h>
#include <mm/memory.h>
#include <ring/kcall.h>
#include <ring/thread.h>
#include <core/recorder.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/process_handle.capnp.h>

/* What an object type says of its methods: those of X_ops, bound by X_BIND(X, X_ops). */
#define OBJECT_METHODS(name_) .methods = name_##_bound, .method_count = array_size(name_##_bound)

/* Defines struct object_type X_type whose calls go to the operations X_ops. */
#define OBJECT_TYPE(name_, interface_, destroy_)           \
	interface_##_BIND(name_, name_##_ops);             \
	const struct object_type name_##_type = {          \
		.name = #name_,                            \
		.interface_id = interface_##_INTERFACE_ID, \
		OBJECT_METHODS(name_),                     \
		.destroy = destroy_,                       \
	}

extern const struct object_type console_type, timer_type, entropy_source_type, system_info_type,
	capability_manager_type, memory_object_type, virtual_memory_type, process_spawner_type,
	process_handle_type, thread_spawner_type, thread_handle_type, log_reader_type, boot_package_type,
	power_type, io_port_type, interrupt_type, interrupt_source_type, notification_type, revoker_type,
	session_context_type, session_factory_type, system_inspector_type, scheduling_policy_type,
	scheduling_context_type, cpu_isolation_lease_type, realtime_island_type;

/* Most bytes of one call that takes pages (MemoryObject.commit, VirtualMemory.commit): nobody else runs on the CPU meanwhile. */
#define COMMIT_MAX 262144u

/* For SchedulingPolicy.createContext; the arguments have been checked. */
struct budget_terms;
enum status scheduling_context_create(struct rpc_request *request, struct budget_terms terms,
				      struct gate *lease_gate, struct object **out);
/* A lease that is an argument, its token and the gate that it came through (NULL: none): invalidArgument, raised. */
enum status cpu_isolation_lease_of(struct rpc_request *request, int32_t index, uint32_t *token,
				   struct gate **gate);
/* For ProcessHandle.start: a thread is about to be made for it. Until it is kept or dropped nobody else can be bound to it. `index` < 0: none
 * is wanted, *promised is NULL. Raises what is wrong. */
enum status scheduling_context_promise(struct rpc_request *request, int32_t index, struct object **promised);
void scheduling_context_keep(struct rpc_request *request, int32_t index, struct object *promised,
			     struct thread *thread);
void scheduling_context_drop(struct object *promised);
/* For RealtimeIsland. */
void scheduling_context_finish(struct object *object);
struct budget_figures;
struct budget_figures scheduling_context_figures(struct object *object);
#define REALTIME_TASKS 8u
struct realtime_task {
	uint64_t budget_ns, period_ns;
};
enum status realtime_island_create(struct rpc_request *request, int32_t lease,
				   const struct realtime_task *tasks, unsigned count, struct object **out);

/* Singletons: nothing to destroy, their one static reference never goes. */
void object_destroy_never(struct object *object);

struct memory_object {
	struct object object;
	struct memory *memory; /* counted */
};
/* Takes over the reference on memory, also on failure. */
enum status memory_object_create(struct process *owner, struct memory *memory, struct object **out);

/* invalidArgument with a field, for a failed check; other statuses as typed exceptions or transport statuses. */
enum status object_raise_invalid(struct rpc_request *request, const char *reason, const char *field);
/* NO_QUOTA and NO_MEMORY pass; everything else becomes an exception that says why. */
enum status object_raise_status(struct rpc_request *request, enum status status, const char *field);

/* The method sets of a view, into a list of as many. */
void object_fill_sets(struct endpoint_method_set_list_builder list, const struct view *view);

/* Lines for LogReader.wait. */
void log_reader_notify(void);

/* Between files of the room. */
void entropy_init(void);
enum status boot_package_create(struct memory *package, uint64_t bytes, struct object **out);
enum status io_port_create(struct process *owner, uint16_t first, uint32_t count, struct object **out);
/* Puts a copy of the capability that came as `index` into the process's table, at a slot or (0) anywhere; raises what went wrong. */
enum status process_handle_insert(struct rpc_request *request, struct process *process, int32_t index,
				  uint32_t slot, uint32_t note, bool before_start, cap_id *out);

/* ---- describe.c: what is told of a capability, and of what happened ---- */
/* keys: also those of facets that processes serve. */
void object_fill_entry(struct capability_manager_entry_builder out, uint32_t slot,
		       const struct cap_entry *entry, const struct provenance *provenance, bool keys);
/* A page of a table's entries from slot `from` on: first how many there are, then as many, and the slot to go on from (0: the end). */
uint32_t object_count_entries(struct cap_table *table, uint32_t from);
uint32_t object_fill_entries(struct cap_table *table, uint32_t from, uint32_t count,
			     struct capability_manager_entry_list_builder list, bool keys);

/* A page of the flight recorder from `from` on (position in one CPU's ring, CPU number in the low six bits): events of that process, or
 * (0) of all. Gives how many; *next is UINT64_MAX at the end. */
#define OBJECT_EVENTS_MAX 12u
uint32_t object_read_events(uint64_t from, uint32_t pid, struct recorder_event found[OBJECT_EVENTS_MAX],
			    uint64_t *next, uint64_t *lost);
void object_fill_event(struct process_handle_event_builder out, const struct recorder_event *event);
uint64_t object_cpu_time(struct process *process);
