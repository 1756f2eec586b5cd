// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * CapSet and launch parameters, read in place from the start message.
 *
 * The message is read anew for each question: lists are short, programs ask at their beginning, and nothing needs to
 * be allocated. It comes from the creator, so a malformed one yields what could be read up to there.
 */
#include <runtime/runtime.h>
#include <runtime/start.h>
#include <schema/service/start.capnp.h>

static const void *start_words;
static size_t start_bytes;

void runtime_start_message(const void *message, size_t bytes)
{
	start_words = message;
	start_bytes = message ? bytes : 0;
}

static struct start_message_reader open_message(struct msg_reader *reader)
{
	msg_reader_init(reader, start_words, start_bytes);
	return start_message_reader_root(reader);
}

static bool text_is(struct msg_text text, const char *name)
{
	return msg_text_equal(text, msg_text_from(name));
}

/* ---- CapSet ---- */

uint32_t runtime_grant_count(void)
{
	struct msg_reader reader;

	return named_cap_list_reader_count(start_message_reader_cap_set(open_message(&reader)));
}

static struct runtime_grant grant_of(struct named_cap_reader cap)
{
	return (struct runtime_grant){
		.name = named_cap_reader_name(cap),
		.id = {named_cap_reader_id(cap)},
		.interface_id = named_cap_reader_interface_id(cap),
		.max_message = named_cap_reader_max_message(cap),
		.max_caps = named_cap_reader_max_caps(cap),
	};
}

struct runtime_grant runtime_grant_at(uint32_t index)
{
	struct msg_reader reader;
	struct named_cap_list_reader caps = start_message_reader_cap_set(open_message(&reader));

	return grant_of(named_cap_list_reader_at(caps, index));
}

uint32_t runtime_grants(struct runtime_grant list[], uint32_t room)
{
	struct msg_reader reader;
	struct named_cap_list_reader caps = start_message_reader_cap_set(open_message(&reader));
	uint32_t count = named_cap_list_reader_count(caps);

	count = count < room ? count : room;
	for (uint32_t i = 0; i < count; i++)
		list[i] = grant_of(named_cap_list_reader_at(caps, i));
	return count;
}

enum status runtime_cap(const char *name, uint64_t interface_id, cap_id *cap)
{
	struct msg_reader reader;
	struct named_cap_list_reader caps = start_message_reader_cap_set(open_message(&reader));

	*cap = CAP_ID_NULL;
	for (uint32_t i = 0; i < named_cap_list_reader_count(caps); i++) {
		struct named_cap_reader grant = named_cap_list_reader_at(caps, i);

		if (!text_is(named_cap_reader_name(grant), name))
			continue;
		if (interface_id != 0 && named_cap_reader_interface_id(grant) != interface_id)
			return STATUS_WRONG_TYPE;
		*cap = (cap_id){named_cap_reader_id(grant)};
		return STATUS_OK;
	}
	return STATUS_NOT_GRANTED;
}

bool runtime_grant_of(cap_id id, struct runtime_grant *grant)
{
	for (uint32_t i = 0, count = runtime_grant_count(); i < count; i++) {
		*grant = runtime_grant_at(i);
		if (grant->id.raw == id.raw)
			return true;
	}
	return false;
}

/* ---- Launch parameters ---- */

static uint32_t bounded(uint32_t count)
{
	return count < RUNTIME_MAX_PARAMETERS ? count : RUNTIME_MAX_PARAMETERS;
}

uint32_t runtime_argument_count(void)
{
	struct msg_reader reader;
	struct launch_parameters_reader parameters = start_message_reader_parameters(open_message(&reader));

	return bounded(msg_list_count(launch_parameters_reader_arguments(parameters)));
}

uint32_t runtime_arguments(struct msg_text list[], uint32_t room)
{
	struct msg_reader reader;
	struct msg_list arguments = launch_parameters_reader_arguments(
		start_message_reader_parameters(open_message(&reader)));
	uint32_t count = bounded(msg_list_count(arguments));

	count = count < room ? count : room;
	for (uint32_t i = 0; i < count; i++)
		list[i] = msg_list_text(arguments, i);
	return count;
}

struct msg_text runtime_argument(uint32_t index)
{
	struct msg_reader reader;
	struct launch_parameters_reader parameters = start_message_reader_parameters(open_message(&reader));

	return msg_list_text(launch_parameters_reader_arguments(parameters), index);
}

static struct launch_parameters_variable_list_reader open_variables(struct msg_reader *reader)
{
	return launch_parameters_reader_environment(start_message_reader_parameters(open_message(reader)));
}

uint32_t runtime_variable_count(void)
{
	struct msg_reader reader;

	return bounded(launch_parameters_variable_list_reader_count(open_variables(&reader)));
}

static struct runtime_variable variable_of(struct launch_parameters_variable_reader v)
{
	return (struct runtime_variable){launch_parameters_variable_reader_name(v),
					 launch_parameters_variable_reader_value(v)};
}

struct runtime_variable runtime_variable_at(uint32_t index)
{
	struct msg_reader reader;

	return variable_of(launch_parameters_variable_list_reader_at(open_variables(&reader), index));
}

uint32_t runtime_variables(struct runtime_variable list[], uint32_t room)
{
	struct msg_reader reader;
	struct launch_parameters_variable_list_reader variables = open_variables(&reader);
	uint32_t count = bounded(launch_parameters_variable_list_reader_count(variables));

	count = count < room ? count : room;
	for (uint32_t i = 0; i < count; i++)
		list[i] = variable_of(launch_parameters_variable_list_reader_at(variables, i));
	return count;
}

bool runtime_environment(const char *name, struct msg_text *value)
{
	struct msg_reader reader;
	struct launch_parameters_variable_list_reader variables = open_variables(&reader);
	uint32_t count = bounded(launch_parameters_variable_list_reader_count(variables));

	for (uint32_t i = 0; i < count; i++) {
		struct runtime_variable v = variable_of(
			launch_parameters_variable_list_reader_at(variables, i));

		if (text_is(v.name, name)) {
			*value = v.value;
			return true;
		}
	}
	*value = (struct msg_text){};
	return false;
}

/* ---- The rest ---- */

uint64_t runtime_load_address(void)
{
	struct msg_reader reader;

	return start_message_reader_space(open_message(&reader));
}

struct msg_text runtime_program(void)
{
	struct msg_reader reader;

	return start_message_reader_program(open_message(&reader));
}

struct runtime_stack runtime_start_stack(void)
{
	struct msg_reader reader;
	struct start_message_reader start = open_message(&reader);

	return (struct runtime_stack){start_message_reader_stack(start),
				      start_message_reader_stack_bytes(start)};
}

uint64_t runtime_start_seed(void)
{
	struct msg_reader reader;

	return start_message_reader_seed(open_message(&reader));
}
