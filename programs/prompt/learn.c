// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Types that programs brought along. The prompt begins with the boot package's registry; when something is not known there, it asks
 * the SchemaRegistry ("schemas") for sources that were added since, maps them, and looks again. What was learnt stays, also when
 * who brought it is gone: capabilities of these types may still be held.
 */
#include <registry/source.h>
#include <runtime/runtime.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/schema_registry.capnp.h>

#include "prompt.h"

#define MAX_LEARNT 16u

struct learnt {
	struct registry registry;
	char name[32];
	uint32_t number;
};

static struct learnt learnt[MAX_LEARNT];
static uint32_t learnt_count;

static bool is_known(uint32_t number, struct msg_text name)
{
	for (uint32_t i = 0; i < learnt_count; i++)
		if (learnt[i].number == number && __builtin_strlen(learnt[i].name) == name.len &&
		    __builtin_memcmp(learnt[i].name, name.ptr, name.len) == 0)
			return true;
	return number == 0 || name.len >= sizeof(learnt[0].name);
}

/* Its data, mapped for good. False: it is gone, or there is no room. */
static bool map_source(cap_id schemas, uint32_t number, struct registry *opened)
{
	cap_id space;

	return runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &space) == STATUS_OK &&
	       registry_open_source(opened, schemas, space, number);
}

static bool add(struct registry *first, cap_id schemas, struct schema_registry_source_reader source)
{
	struct msg_text name = schema_registry_source_reader_name(source);
	uint32_t number = schema_registry_source_reader_number(source);
	struct learnt *new = &learnt[learnt_count];

	if (is_known(number, name) || learnt_count == MAX_LEARNT)
		return false;
	*new = (struct learnt){.number = number};
	__builtin_memcpy(new->name, name.ptr, name.len);
	learnt_count++; /* also if it cannot be used: it is not asked for again */
	if (!map_source(schemas, number, &new->registry))
		return false;
	while (first->next)
		first = first->next;
	first->next = &new->registry;
	return true;
}

bool learn(struct registry *first)
{
	struct schema_registry_sources_results_reader results;
	struct rpc_call call;
	bool more = false;
	cap_id schemas;

	if (runtime_cap("schemas", SCHEMA_REGISTRY_INTERFACE_ID, &schemas) != STATUS_OK)
		return false;
	schema_registry_sources_begin(&call, runtime_transport(), schemas);
	if (schema_registry_sources_call(&call, &results) == STATUS_OK) {
		struct schema_registry_source_list_reader list =
			schema_registry_sources_results_reader_sources(results);

		for (uint32_t i = 0; i < schema_registry_source_list_reader_count(list); i++)
			more |= add(first, schemas, schema_registry_source_list_reader_at(list, i));
	}
	rpc_end(&call);
	return more;
}
