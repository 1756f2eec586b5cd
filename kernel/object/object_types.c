// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the kernel objects share: refusals in words, and the set that init gets. */
#include "object_types.h"

#include <object/object.h>
#include <cap/session.h>
#include <ring/notification.h>
#include <ring/thread.h>

void object_destroy_never(struct object *object)
{
	object->refs = 1;
}

enum status object_raise_invalid(struct rpc_request *request, const char *reason, const char *field)
{
	return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, reason, field);
}

static const char *sentence(enum status status)
{
	switch (status) {
#define STATUS_CASE(name, value, text) \
	case STATUS_##name:            \
		return text;
		STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
	}
	return "unknown status";
}

enum status object_raise_status(struct rpc_request *request, enum status status, const char *field)
{
	switch (status) {
	case STATUS_OK:
	case STATUS_NO_QUOTA:
	case STATUS_NO_MEMORY:
	case STATUS_NO_SLOT:
	case STATUS_AGAIN:
	case STATUS_EXCEPTION:
		return status;
	case STATUS_INVALID:
	case STATUS_BAD_RANGE:
	case STATUS_NOT_FOUND:
	case STATUS_DENIED:
	case STATUS_WRONG_TYPE:
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, sentence(status), field);
	default:
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, sentence(status), field);
	}
}

extern struct object console_object, timer_object, entropy_source_object, system_info_object,
	capability_manager_object, process_spawner_object, thread_spawner_object, log_reader_object,
	power_object, interrupt_source_object, session_factory_object, system_inspector_object,
	profiler_object, cpu_isolation_object, scheduling_policy_object;

void objects_init(void)
{
	process_object_type = &process_handle_type;
	process_space_object_type = &virtual_memory_type;
	thread_object_type = &thread_handle_type;
	notification_object_type = &notification_type;
	gate_object_type = &revoker_type;
	session_object_type = &session_context_type;
	session_of_boot.object.type = &session_context_type;
	kcall_init();
	entropy_init();
	entropy_fill(session_of_boot.secret, sizeof(session_of_boot.secret));
	struct object *const singletons[] = {&console_object,
					     &timer_object,
					     &entropy_source_object,
					     &system_info_object,
					     &capability_manager_object,
					     &process_spawner_object,
					     &thread_spawner_object,
					     &log_reader_object,
					     &power_object,
					     &interrupt_source_object,
					     &session_factory_object,
					     &system_inspector_object,
					     &profiler_object,
					     &cpu_isolation_object,
					     &scheduling_policy_object};
	for (unsigned i = 0; i < array_size(singletons); i++)
		object_register(singletons[i]);
}

enum status objects_initial(struct process *process, struct memory *package, uint64_t package_bytes,
			    struct initial_object out[INITIAL_OBJECTS_MAX], unsigned *count)
{
	struct object *ports = NULL, *boot_package = NULL;
	enum status status = io_port_create(process, 0, 0x10000, &ports);

	if (status == STATUS_OK)
		status = boot_package_create(package, package_bytes, &boot_package);
	if (status != STATUS_OK)
		return status;
	const struct initial_object set[] = {
		{"console", &console_object},
		{"timer", &timer_object},
		{"entropy", &entropy_source_object},
		{"systemInfo", &system_info_object},
		{"capabilityManager", &capability_manager_object},
		{"virtualMemory", &process->space_object},
		{"processSpawner", &process_spawner_object},
		{"threadSpawner", &thread_spawner_object},
		{"logReader", &log_reader_object},
		{"bootPackage", boot_package},
		{"power", &power_object},
		{"ioPorts", ports},
		{"interrupts", &interrupt_source_object},
		{"sessions", &session_factory_object},
		{"systemInspector", &system_inspector_object},
		{"profiler", &profiler_object},
		{"cpuIsolation", &cpu_isolation_object},
		{"schedulingPolicy", &scheduling_policy_object},
	};
	static_assert(array_size(set) <= INITIAL_OBJECTS_MAX);
	for (unsigned i = 0; i < array_size(set); i++) {
		out[i] = set[i];
		if (set[i].object != ports && set[i].object != boot_package)
			object_get(set[i].object);
	}
	*count = array_size(set);
	return STATUS_OK;
}
