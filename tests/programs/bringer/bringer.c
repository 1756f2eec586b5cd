// SPDX-License-Identifier: MIT OR Apache-2.0
/* A program whose interface is in no schema of the boot package: it writes the registry's message itself, and adds it. */
#include <runtime/runtime.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <schema/service/registry_data.capnp.h>
#include <schema/service/schema_registry.capnp.h>

#define GREETER 0xd1e0c2b3a4958677ull
#define PARAMS 0xd1e0c2b3a4958678ull
#define PIECE 512u

static _Alignas(8) uint8_t bytes[4096];

static void describe(struct registry_data_builder data)
{
	struct registry_data_interface_builder greeter = registry_data_interface_list_builder_at(
		registry_data_builder_init_interfaces(data, 1), 0);
	struct registry_data_struct_builder params = registry_data_struct_list_builder_at(
		registry_data_builder_init_structs(data, 1), 0);
	struct registry_data_method_builder greet = registry_data_method_list_builder_at(
		registry_data_interface_builder_init_methods(greeter, 1), 0);
	struct registry_data_field_builder who = registry_data_field_list_builder_at(
		registry_data_struct_builder_init_fields(params, 1), 0);

	registry_data_interface_builder_set_id(greeter, GREETER);
	registry_data_interface_builder_set_name(greeter, MSG_TEXT("Greeter"));
	registry_data_interface_builder_set_doc(greeter, MSG_TEXT("Brought along by a program."));
	registry_data_method_builder_set_name(greet, MSG_TEXT("greet"));
	registry_data_method_builder_set_doc(greet, MSG_TEXT("Says hello to somebody."));
	registry_data_method_builder_set_params(greet, PARAMS);
	registry_data_method_builder_set_results(greet, PARAMS);
	registry_data_struct_builder_set_id(params, PARAMS);
	registry_data_struct_builder_set_name(params, MSG_TEXT("Greeter.greet$Params"));
	registry_data_struct_builder_set_pointers(params, 1);
	registry_data_field_builder_set_name(who, MSG_TEXT("who"));
	registry_data_field_builder_set_discriminant(who, 65535);
	registry_data_type_builder_set_kind(registry_data_field_builder_init_type(who),
					    REGISTRY_DATA_KIND_TEXT);
}

static cap_id write_memory(uint32_t len)
{
	struct virtual_memory_create_memory_results_reader results;
	struct rpc_call call;
	cap_id memory = CAP_ID_NULL;

	virtual_memory_create_memory_params_builder_set_bytes(
		virtual_memory_create_memory_begin(
			&call, runtime_transport(),
			runtime_need("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID)),
		sizeof(bytes));
	if (virtual_memory_create_memory_call(&call, &results) == STATUS_OK)
		memory = rpc_result_cap(&call, virtual_memory_create_memory_results_reader_memory(results));
	rpc_end(&call);
	for (uint32_t at = 0; at < len; at += PIECE)
		if (memory_object_write(runtime_transport(), memory, at,
					(struct msg_data){bytes + at, len - at < PIECE ? len - at : PIECE}) !=
		    STATUS_OK)
			runtime_exit(2);
	return memory;
}

int main(void)
{
	cap_id schemas = runtime_need("schemas", SCHEMA_REGISTRY_INTERFACE_ID), registration;
	struct msg_builder m;
	uint32_t source;

	msg_builder_init(&m, bytes, sizeof(bytes));
	describe(registry_data_builder_root(&m));
	if (!msg_builder_ok(&m))
		return 3;

	uint32_t len = (uint32_t)msg_builder_size(&m);
	if (schema_registry_add(runtime_transport(), schemas, MSG_TEXT("bringer"), write_memory(len), len,
				&registration, &source) != STATUS_OK)
		return 4;
	(void)!timer_sleep(runtime_transport(), runtime_need("timer", TIMER_INTERFACE_ID), 60'000'000'000ull);
	return 0;
}
