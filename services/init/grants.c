// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * From a grant of the image to a capability: which of init's it is made from, restricted to what the image says. The
 * image tool has checked names and interfaces, and filled in interface ids and method sets.
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/interrupt_source.capnp.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>

#include "init.h"

#define FOLDER_PIECE 65536u /* MemoryObject.copyFrom */

/* Power without testExit. */
#define POWER_METHODS (1ull << POWER_POWER_OFF | 1ull << POWER_REBOOT)

/* init's own names for what the kernel gave it. */
static const char *kernel_name(enum image_kernel_source source)
{
	static const char *const names[] = {
		[IMAGE_KERNEL_SOURCE_CONSOLE] = "console",
		[IMAGE_KERNEL_SOURCE_TIMER] = "timer",
		[IMAGE_KERNEL_SOURCE_ENTROPY] = "entropy",
		[IMAGE_KERNEL_SOURCE_SYSTEM_INFO] = "systemInfo",
		[IMAGE_KERNEL_SOURCE_CAPABILITY_MANAGER] = "capabilityManager",
		[IMAGE_KERNEL_SOURCE_PROCESS_SPAWNER] = "processSpawner",
		[IMAGE_KERNEL_SOURCE_THREAD_SPAWNER] = "threadSpawner",
		[IMAGE_KERNEL_SOURCE_LOG_READER] = "logReader",
		[IMAGE_KERNEL_SOURCE_BOOT_PACKAGE] = "bootPackage",
		[IMAGE_KERNEL_SOURCE_POWER] = "power",
		[IMAGE_KERNEL_SOURCE_TEST_POWER] = "power",
		[IMAGE_KERNEL_SOURCE_IO_PORTS_ALL] = "ioPorts",
		[IMAGE_KERNEL_SOURCE_INTERRUPTS] = "interrupts",
		[IMAGE_KERNEL_SOURCE_SESSIONS] = "sessions",
		[IMAGE_KERNEL_SOURCE_SYSTEM_INSPECTOR] = "systemInspector",
		[IMAGE_KERNEL_SOURCE_PROFILER] = "profiler",
		[IMAGE_KERNEL_SOURCE_CPU_ISOLATION] = "cpuIsolation",
		[IMAGE_KERNEL_SOURCE_SCHEDULING_POLICY] = "schedulingPolicy",
	};
	const char *name = (unsigned)source < sizeof(names) / sizeof(names[0]) ? names[source] : nullptr;

	return name ? name : "";
}

/* Replaces grant->cap by one with fewer methods, which is then temporary. */
static enum status restrict_to(struct init *init, struct spawn_grant *grant, uint64_t methods,
			       bool *temporary)
{
	cap_id whole = grant->cap;
	enum status status;

	if (methods == UINT64_MAX)
		return STATUS_OK;
	status = capability_manager_attenuate(init->transport, init->manager, whole, grant->interface_id,
					      methods, &grant->cap);
	if (*temporary)
		ring_release(ring_of(init->transport), whole);
	*temporary = status == STATUS_OK;
	return status;
}

static enum status from_kernel(struct init *init, enum image_kernel_source source, uint64_t methods,
			       struct spawn_grant *grant, bool *temporary)
{
	enum status status;

	if (source == IMAGE_KERNEL_SOURCE_VIRTUAL_MEMORY) {
		grant->kind = SPAWN_GRANT_OWN_SPACE;
		return STATUS_OK;
	}
	if (source == IMAGE_KERNEL_SOURCE_POWER)
		methods &= POWER_METHODS;
	status = runtime_cap(kernel_name(source), grant->interface_id, &grant->cap);
	return status == STATUS_OK ? restrict_to(init, grant, methods, temporary) : status;
}

static enum status from_export(struct init *init, struct image_export_ref_reader ref, uint64_t methods,
			       struct spawn_grant *grant, bool *temporary)
{
	struct process *server = init_find_process(init, image_export_ref_reader_process(ref));
	struct image_export_list_reader exports;

	if (!server)
		return STATUS_NOT_FOUND;
	exports = image_process_reader_exports(server->image);
	for (uint32_t i = 0; i < image_export_list_reader_count(exports) && i < MAX_EXPORTS; i++) {
		struct image_export_reader e = image_export_list_reader_at(exports, i);

		if (!msg_text_equal(image_export_reader_name(e), image_export_ref_reader_export(ref)))
			continue;
		grant->kind = SPAWN_GRANT_MINT;
		grant->key = image_export_reader_key(e);
		grant->cap = server->templates[i];
		if (methods == UINT64_MAX)
			return STATUS_OK;
		*temporary = true;
		return init_make_template(init, server->maker, &grant->interface_id, 1, methods, &grant->cap);
	}
	return STATUS_NOT_FOUND;
}

/* The Supervisor, which is all that init serves. */
static enum status from_init(struct init *init, uint64_t methods, struct spawn_grant *grant, bool *temporary)
{
	grant->kind = SPAWN_GRANT_MINT;
	grant->key = 1;
	grant->cap = init->supervisor_template;
	if (methods == UINT64_MAX)
		return STATUS_OK;
	*temporary = true;
	return init_make_template(init, init->endpoint, &grant->interface_id, 1, methods, &grant->cap);
}

/*
 * A folder as memory of its own: a copy, so that its holder sees nothing else of the package. The process's, once it is started:
 * it goes when that has dropped it.
 */
static enum status from_folder(struct init *init, struct msg_text name, struct spawn_grant *grant,
			       bool *temporary)
{
	struct rpc_transport *t = init->transport;
	struct msg_data bytes;
	enum status status = spawn_package_file(&init->package, name, PACKAGE_INDEX_KIND_FOLDER, &bytes);
	uint64_t from = status == STATUS_OK ? (uint64_t)(bytes.ptr - init->package.base) : 0;
	cap_id space = runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID);

	if (status == STATUS_OK)
		status = virtual_memory_create_memory(t, space, bytes.len ? bytes.len : 1, &grant->cap);
	*temporary = status == STATUS_OK;
	for (uint64_t at = 0, part; status == STATUS_OK && at < bytes.len; at += part) {
		part = bytes.len - at < FOLDER_PIECE ? bytes.len - at : FOLDER_PIECE;
		status = memory_object_copy_from(t, grant->cap, init->package.memory, from + at, at, part);
	}
	if (status == STATUS_OK)
		return restrict_to(init, grant, 1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ,
				   temporary);
	return status;
}

static enum status make_grant(struct init *init, struct image_grant_reader image, struct spawn_grant *grant,
			      bool *temporary)
{
	struct image_grant_source_reader source = image_grant_reader_source(image);
	uint64_t methods = image_grant_reader_methods(image);
	enum status status = STATUS_INVALID;

	*temporary = false;
	*grant = (struct spawn_grant){
		.name = image_grant_reader_name(image),
		.interface_id = image_grant_reader_interface_id(image),
		.note = image_grant_reader_line(image),
		.kind = SPAWN_GRANT_COPY,
	};
	switch (image_grant_source_reader_which(source)) {
	case IMAGE_GRANT_SOURCE_WHICH_KERNEL:
		return from_kernel(init, image_grant_source_reader_kernel(source), methods, grant, temporary);
	case IMAGE_GRANT_SOURCE_WHICH_EXPORT:
		return from_export(init, image_grant_source_reader_export(source), methods, grant, temporary);
	case IMAGE_GRANT_SOURCE_WHICH_INIT:
		return from_init(init, methods, grant, temporary);
	case IMAGE_GRANT_SOURCE_WHICH_FOLDER:
		return from_folder(init, image_grant_source_reader_folder(source), grant, temporary);
	case IMAGE_GRANT_SOURCE_WHICH_IO_PORTS: {
		struct image_port_range_reader range = image_grant_source_reader_io_ports(source);

		status = io_port_sub(init->transport, init->io_ports, image_port_range_reader_first(range),
				     image_port_range_reader_count(range), &grant->cap);
		break;
	}
	case IMAGE_GRANT_SOURCE_WHICH_INTERRUPT:
		status = interrupt_source_line(init->transport, init->interrupts,
					       image_grant_source_reader_interrupt(source), &grant->cap);
		break;
	}
	*temporary = status == STATUS_OK;
	return status == STATUS_OK ? restrict_to(init, grant, methods, temporary) : status;
}

enum status init_make_grants(struct init *init, const struct process *process, struct grants *grants)
{
	struct image_grant_list_reader list = image_process_reader_grants(process->image);

	grants->count = 0;
	grants->temporary = 0;
	if (process->endpoint.raw)
		grants->list[grants->count++] = (struct spawn_grant){
			.name = MSG_TEXT("endpoint"),
			.interface_id = ENDPOINT_INTERFACE_ID,
			.kind = SPAWN_GRANT_COPY,
			.cap = process->endpoint,
			.max_message = image_process_reader_max_message(process->image),
			.max_caps = image_process_reader_max_caps(process->image),
		};
	if (image_grant_list_reader_count(list) > SPAWN_MAX_GRANTS - grants->count)
		return STATUS_TOO_LARGE;
	for (uint32_t i = 0; i < image_grant_list_reader_count(list); i++) {
		struct spawn_grant *grant = &grants->list[grants->count];
		bool temporary;
		enum status status = make_grant(init, image_grant_list_reader_at(list, i), grant, &temporary);

		if (status != STATUS_OK) {
			runtime_print("%.*s: cannot grant %.*s: %s\n", (int)process->name.len,
				      process->name.ptr, (int)grant->name.len, grant->name.ptr,
				      status_text(status));
			return status;
		}
		grants->temporary |= (uint64_t)temporary << grants->count++;
	}
	return STATUS_OK;
}

void init_end_grants(const struct grants *grants)
{
	for (uint32_t i = 0; i < grants->count; i++)
		if (grants->temporary >> i & 1)
			ring_release(runtime_ring(), grants->list[i].cap);
}
