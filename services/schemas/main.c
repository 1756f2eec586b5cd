// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SchemaRegistry and SchemaRegistration. A registration's object key is its source's number and how often that number was
 * given out, so that an old registration never removes a newer source.
 */
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/service/schema_registry.capnp.h>

#include "schemas.h"

#define KEY_REGISTRY 1u
#define MAX_NODES 16u
#define MAX_REPLY 8192u

static cap_id endpoint, manager, registration_template;
static uint64_t last_key = KEY_REGISTRY;

static enum status get_sources(void *self, struct rpc_request *request,
			       struct schema_registry_sources_results_builder results)
{
	uint32_t count = 0, at = 0;

	(void)self, (void)request;
	for (uint32_t i = 0; i < REGISTRY_SET_MAX; i++)
		count += set.there[i];
	struct schema_registry_source_list_builder list =
		schema_registry_sources_results_builder_init_sources(results, count);
	for (uint32_t i = 0; i < REGISTRY_SET_MAX; i++) {
		struct registry *r = &set.source[i];

		if (!set.there[i])
			continue;
		struct schema_registry_source_builder b = schema_registry_source_list_builder_at(list, at++);
		schema_registry_source_builder_set_number(b, i);
		schema_registry_source_builder_set_name(
			b, (struct msg_text){sources[i].name, sources[i].name_len});
		schema_registry_source_builder_set_interfaces(b, msg_list_count(r->interfaces.l));
		schema_registry_source_builder_set_structs(b, msg_list_count(r->structs.l));
		schema_registry_source_builder_set_enums(b, msg_list_count(r->enums.l));
		schema_registry_source_builder_set_constants(b, msg_list_count(r->constants.l));
	}
	return STATUS_OK;
}

static void put_node(struct schema_registry_node_builder b, const struct registry_node *node)
{
	schema_registry_node_builder_set_id(b, node->id);
	schema_registry_node_builder_set_kind(b, (enum schema_registry_kind)node->kind);
	schema_registry_node_builder_set_name(b, node->name);
	schema_registry_node_builder_set_source(b, node->source);
	schema_registry_node_builder_set_members(b, node->members);
}

static void put_nodes(struct schema_registry_node_list_builder list, const struct registry_node *nodes,
		      uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		put_node(schema_registry_node_list_builder_at(list, i), &nodes[i]);
}

static enum status search(void *self, struct rpc_request *request,
			  struct schema_registry_search_params_reader params,
			  struct schema_registry_search_results_builder results)
{
	struct msg_text text = schema_registry_search_params_reader_text(params);
	uint32_t position = schema_registry_search_params_reader_from(params), count = 0;
	struct registry_node nodes[MAX_NODES], node;

	(void)self, (void)request;
	for (; count < MAX_NODES && registry_set_at(&set, position, &node); position++)
		if (registry_name_contains(node.name, text))
			nodes[count++] = node;
	put_nodes(schema_registry_search_results_builder_init_nodes(results, count), nodes, count);
	schema_registry_search_results_builder_set_next(
		results, registry_set_at(&set, position, &node) ? position : 0);
	return STATUS_OK;
}

static enum status resolve(void *self, struct rpc_request *request,
			   struct schema_registry_resolve_params_reader params,
			   struct schema_registry_resolve_results_builder results)
{
	struct msg_text name = schema_registry_resolve_params_reader_name(params);
	struct registry_node nodes[MAX_NODES], node;
	uint32_t count = 0;

	(void)self, (void)request;
	for (uint32_t i = 0; count < MAX_NODES && registry_set_at(&set, i, &node); i++)
		if (msg_text_equal(node.name, name))
			nodes[count++] = node;
	put_nodes(schema_registry_resolve_results_builder_init_nodes(results, count), nodes, count);
	return STATUS_OK;
}

static enum status versions(void *self, struct rpc_request *request,
			    struct schema_registry_versions_params_reader params,
			    struct schema_registry_versions_results_builder results)
{
	struct registry_node nodes[REGISTRY_SET_MAX];
	uint32_t count = 0;

	(void)self, (void)request;
	for (uint32_t i = 0; i < REGISTRY_SET_MAX; i++)
		count += registry_set_by_id(&set, i, schema_registry_versions_params_reader_id(params),
					    &nodes[count]);
	put_nodes(schema_registry_versions_results_builder_init_nodes(results, count), nodes, count);
	return STATUS_OK;
}

/* Text into a buffer of fixed size; what is beyond is cut. */
struct buffer {
	char *bytes;
	uint32_t len, size;
};

static void write_buffer(void *self, const char *bytes, size_t len)
{
	struct buffer *b = self;
	uint32_t room = b->size - b->len, piece = len < room ? (uint32_t)len : room;

	__builtin_memcpy(b->bytes + b->len, bytes, piece);
	b->len += piece;
}

static enum status describe(void *self, struct rpc_request *request,
			    struct schema_registry_describe_params_reader params,
			    struct schema_registry_describe_results_builder results)
{
	static char bytes[MAX_REPLY];
	struct buffer buffer = {bytes, 0, sizeof(bytes)};
	struct text_out out = {write_buffer, &buffer, nullptr};
	struct registry_node node;
	uint32_t room;

	(void)self;
	if (!registry_set_by_id(&set, schema_registry_describe_params_reader_source(params),
				schema_registry_describe_params_reader_id(params), &node))
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "this source has no such id",
				 "id");
	put_node(schema_registry_describe_results_builder_init_node(results), &node);
	registry_print_node(&set.source[node.source], &out, &node);
	/* What is left of the caller's room, and a whole character at its end. */
	room = (request->results.capacity - request->results.words) * 8;
	room = room > 8 ? room - 8 : 0;
	if (buffer.len > room) {
		buffer.len = room;
		while (buffer.len > 0 && ((uint8_t)bytes[buffer.len] & 0xc0) == 0x80)
			buffer.len--;
	}
	schema_registry_describe_results_builder_set_text(results, (struct msg_text){bytes, buffer.len});
	return STATUS_OK;
}

static enum status get_data(void *self, struct rpc_request *request,
			    struct schema_registry_data_params_reader params,
			    struct schema_registry_data_results_builder results)
{
	uint32_t number = schema_registry_data_params_reader_source(params);
	uint64_t methods = 1ull << MEMORY_OBJECT_SIZE | 1ull << MEMORY_OBJECT_READ;
	enum status status;
	cap_id lent;

	(void)self;
	if (number >= REGISTRY_SET_MAX || !set.there[number])
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "there is no such source",
				 "source");
	status = capability_manager_attenuate(runtime_transport(), manager, sources[number].memory,
					      MEMORY_OBJECT_INTERFACE_ID, methods, &lent);
	if (status != STATUS_OK)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no room for another capability",
				 nullptr);
	schema_registry_data_results_builder_set_memory(results, rpc_request_move_cap(request, lent));
	schema_registry_data_results_builder_set_length(results, sources[number].length);
	return STATUS_OK;
}

static enum status add(void *self, struct rpc_request *request,
		       struct schema_registry_add_params_reader params,
		       struct schema_registry_add_results_builder results)
{
	uint64_t length = schema_registry_add_params_reader_length(params);
	cap_id memory = rpc_request_cap(request, schema_registry_add_params_reader_memory(params));
	uint32_t number = 0;
	enum status status;

	(void)self;
	if (length == 0 || length > MAX_SOURCE || length % 8 != 0)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "a multiple of 8 bytes, at most 1 MiB", "length");
	status = STATUS_NO_SLOT;
	if (source_is_left_for(request->call->session))
		status = source_add(schema_registry_add_params_reader_name(params), memory, 0, length,
				    &number);
	if (status == STATUS_NO_SLOT || status == STATUS_NO_QUOTA || status == STATUS_NO_MEMORY)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "there are too many sources", nullptr);
	if (status != STATUS_OK)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "this is no registry", "memory");
	sources[number].key = ++last_key;
	sources[number].session = request->call->session;
	schema_registry_add_results_builder_set_registration(
		results, rpc_request_mint_cap(request, registration_template, sources[number].key));
	schema_registry_add_results_builder_set_source(results, number);
	return STATUS_OK;
}

static const struct schema_registry_server_ops registry_ops = {
	.sources = get_sources,
	.search = search,
	.resolve = resolve,
	.versions = versions,
	.describe = describe,
	.data = get_data,
	.add = add,
};

/* ---- Registrations ---- */

static void remove_key(uint64_t key)
{
	for (uint32_t i = 1; i < REGISTRY_SET_MAX; i++)
		if (set.there[i] && sources[i].key == key)
			source_remove(i);
}

static enum status remove_source(void *self, struct rpc_request *request)
{
	(void)self;
	remove_key(request->call->key);
	return STATUS_OK;
}

static const struct schema_registration_server_ops registration_ops = {.remove = remove_source};

/* Nobody can remove it by hand any more: it goes. */
static void released(void *context, uint64_t key, uint64_t mints)
{
	(void)context, (void)mints;
	if (key != KEY_REGISTRY)
		remove_key(key);
}

static enum status make_template(void)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_template_params_builder params = endpoint_template_begin(&call, runtime_transport(),
										 endpoint);

	endpoint_method_set_builder_set_interface_id(
		endpoint_method_set_list_builder_at(
			endpoint_template_params_builder_init_interfaces(params, 1), 0),
		SCHEMA_REGISTRATION_INTERFACE_ID);

	enum status status = endpoint_template_call(&call, &results);
	if (status == STATUS_OK)
		registration_template = rpc_result_cap(&call,
						       endpoint_template_results_reader_template(results));
	rpc_end(&call);
	return status;
}

int main(void)
{
	static const struct service_interface interfaces[] = {
		{&schema_registry_interface, &registry_ops},
		{&schema_registration_interface, &registration_ops},
	};
	static struct service service;

	endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);
	manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID);
	if (make_template() != STATUS_OK || sources_start() != STATUS_OK ||
	    service_init(&service, runtime_ring(), endpoint,
			 &(struct service_options){.interfaces = interfaces,
						   .interface_count = 2,
						   .released = released,
						   .max_reply = MAX_REPLY}) != STATUS_OK)
		return 1;
	(void)!service_run(&service);
	return 1;
}
