// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The start message: grant i is in slot i + 1 of a new table, whose first generation is 1; or, in a process that goes on as another program,
 * where it is.
 */
#include <runtime/start.h>
#include <schema/service/start.capnp.h>

#include "start_message.h"

static uint64_t parameter_bytes(const struct spawn_request *r)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < r->argument_count; i++)
		bytes += r->arguments[i].len + 1ull;
	for (uint32_t i = 0; i < r->environment_count; i++)
		bytes += r->environment[i].name.len + 1ull + r->environment[i].value.len + 1ull;
	return bytes;
}

static void build_caps(struct start_message_builder root, const struct spawn_request *r, bool own_ids)
{
	struct named_cap_list_builder caps = start_message_builder_init_cap_set(root, r->grant_count);

	for (uint32_t i = 0; i < r->grant_count; i++) {
		struct named_cap_builder cap = named_cap_list_builder_at(caps, i);
		const struct spawn_grant *grant = &r->grants[i];

		named_cap_builder_set_name(cap, grant->name);
		named_cap_builder_set_id(cap, own_ids ? grant->cap.raw : cap_id_make(i + 1, 1).raw);
		named_cap_builder_set_interface_id(cap, grant->interface_id);
		named_cap_builder_set_max_message(cap, grant->max_message);
		named_cap_builder_set_max_caps(cap, grant->max_caps);
	}
}

static void build_parameters(struct start_message_builder root, const struct spawn_request *r)
{
	if (r->argument_count == 0 && r->environment_count == 0)
		return;

	struct launch_parameters_builder parameters = start_message_builder_init_parameters(root);
	struct msg_list_builder arguments = launch_parameters_builder_init_arguments(parameters,
										     r->argument_count);

	for (uint32_t i = 0; i < r->argument_count; i++)
		msg_set_text(msg_list_slot(arguments, i), r->arguments[i]);

	struct launch_parameters_variable_list_builder variables = launch_parameters_builder_init_environment(
		parameters, r->environment_count);

	for (uint32_t i = 0; i < r->environment_count; i++) {
		struct launch_parameters_variable_builder v = launch_parameters_variable_list_builder_at(
			variables, i);

		launch_parameters_variable_builder_set_name(v, r->environment[i].name);
		launch_parameters_variable_builder_set_value(v, r->environment[i].value);
	}
}

enum status spawn_build_start(struct start_builder *b, void *buffer, size_t size,
			      const struct spawn_request *request, bool own_ids)
{
	if (request->grant_count > SPAWN_MAX_GRANTS || request->argument_count > RUNTIME_MAX_PARAMETERS ||
	    request->environment_count > RUNTIME_MAX_PARAMETERS ||
	    request->argument_count + request->environment_count > RUNTIME_MAX_PARAMETERS ||
	    parameter_bytes(request) > RUNTIME_MAX_PARAMETER_BYTES)
		return STATUS_INVALID;
	msg_builder_init(&b->message, buffer, size);

	struct start_message_builder root = start_message_builder_root(&b->message);

	b->root = root.b;
	build_caps(root, request, own_ids);
	build_parameters(root, request);
	start_message_builder_set_program(root, request->program->name);
	return msg_builder_ok(&b->message) ? STATUS_OK : STATUS_TOO_LARGE;
}

void spawn_finish_start(struct start_builder *b, const struct layout *l, uint64_t seed)
{
	struct start_message_builder root = {b->root};

	start_message_builder_set_space(root, l->image);
	start_message_builder_set_stack(root, l->stack);
	start_message_builder_set_stack_bytes(root, l->stack_bytes);
	start_message_builder_set_seed(root, seed);
}
