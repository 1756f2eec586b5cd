// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Where the types come from: the SchemaRegistry granted as "schemas", all its sources; or else the boot package granted as
 * "bootPackage". Opened at the first call.
 */
#include "lua_cap.h"

#include <posix/held.h>
#include <registry/source.h>
#include <rpc/rpc.h>
#include <runtime/runtime.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/package.capnp.h>
#include <schema/service/schema_registry.capnp.h>
#include <spawn/package.h>

#define SOURCES 8u

static struct registry sources[SOURCES];
static uint32_t count;

/* The next one: it was opened. */
static void add(void)
{
	if (count > 0)
		sources[count - 1].next = &sources[count];
	count++;
}

static void open_schemas(cap_id schemas, cap_id space)
{
	struct schema_registry_sources_results_reader results;
	uint32_t numbers[SOURCES], found = 0;
	struct rpc_call call;

	schema_registry_sources_begin(&call, runtime_transport(), schemas);
	if (schema_registry_sources_call(&call, &results) == STATUS_OK) {
		struct schema_registry_source_list_reader list =
			schema_registry_sources_results_reader_sources(results);

		for (; found < schema_registry_source_list_reader_count(list) && found < SOURCES; found++)
			numbers[found] = schema_registry_source_reader_number(
				schema_registry_source_list_reader_at(list, found));
	}
	rpc_end(&call);
	for (uint32_t i = 0; i < found; i++)
		if (registry_open_source(&sources[count], schemas, space, numbers[i]))
			add();
}

static void open_package(cap_id boot, cap_id space)
{
	static struct spawn_package package;
	struct msg_text name;
	struct msg_data bytes;

	if (spawn_package_open(&package, runtime_transport(), boot, space) == STATUS_OK &&
	    spawn_package_name(&package, PACKAGE_INDEX_KIND_REGISTRY, 0, &name) &&
	    spawn_package_file(&package, name, PACKAGE_INDEX_KIND_REGISTRY, &bytes) == STATUS_OK &&
	    registry_open(&sources[count], bytes.ptr, bytes.len))
		add();
}

static void open_all(void)
{
	cap_id schemas, boot, space;

	if (runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space) != STATUS_OK)
		return;
	if (runtime_cap("schemas", SCHEMA_REGISTRY_INTERFACE_ID, &schemas) == STATUS_OK)
		open_schemas(schemas, space);
	else if (runtime_cap("bootPackage", BOOT_PACKAGE_INTERFACE_ID, &boot) == STATUS_OK)
		open_package(boot, space);
}

struct registry *lua_cap_registry(lua_State *L)
{
	if (count == 0) {
		posix_enter();
		open_all();
		(void)posix_leave(0);
	}
	if (count == 0)
		lua_cap_raise(L, "NOT_GRANTED",
			      "types are known with schemas :SchemaRegistry or bootPackage :BootPackage", "");
	return &sources[0];
}
