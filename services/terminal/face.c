// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Faces: through what somebody sees the terminal.
 *
 * Each program gets a StdIO with a key of its own, so that what it does is told apart from what others do, and its end
 * (the last capability with that key is gone) is noticed. Numbers, and so keys, are never used again.
 */
#include <runtime/runtime.h>
#include <schema/kernel/endpoint.capnp.h>

#include "terminal.h"

static cap_id make_template(cap_id endpoint)
{
	struct endpoint_template_results_reader results;
	struct rpc_call call;
	struct endpoint_method_set_list_builder sets = endpoint_template_params_builder_init_interfaces(
		endpoint_template_begin(&call, runtime_transport(), endpoint), 1);
	struct endpoint_method_set_builder set = endpoint_method_set_list_builder_at(sets, 0);

	endpoint_method_set_builder_set_interface_id(set, STD_IO_INTERFACE_ID);
	endpoint_method_set_builder_set_methods(set, UINT64_MAX);

	enum status status = endpoint_template_call(&call, &results);
	cap_id id = status == STATUS_OK
			    ? rpc_result_cap(&call, endpoint_template_results_reader_template(results))
			    : CAP_ID_NULL;

	rpc_end(&call);
	return id;
}

void faces_start(struct terminal *t, cap_id endpoint)
{
	t->console = (struct face){.terminal = t, .key = FACE_CONSOLE};
	t->session = (struct face){.terminal = t, .key = FACE_SESSION};
	t->stdio = (struct face){.terminal = t, .key = FACE_STDIO};
	t->stdio_template = make_template(endpoint);
}

static struct face *find_program(struct terminal *t, uint64_t key)
{
	for (uint32_t i = 0; i < MAX_PROGRAMS; i++)
		if (t->programs[i].key == key)
			return &t->programs[i];
	return nullptr;
}

struct face *face_find(struct terminal *t, uint64_t key)
{
	switch (key) {
	case 0:
		return nullptr;
	case FACE_CONSOLE:
		return &t->console;
	case FACE_SESSION:
		return &t->session;
	case FACE_STDIO:
		return &t->stdio;
	default:
		return find_program(t, key);
	}
}

struct face *face_numbered(struct terminal *t, uint32_t number)
{
	return number == 0 ? nullptr : find_program(t, FACE_FIRST_PROGRAM + (uint64_t)number);
}

struct face *face_open(struct terminal *t, bool foreground)
{
	struct face *face = find_program(t, 0);

	if (!face || t->stdio_template.raw == 0)
		return nullptr;
	*face = (struct face){.terminal = t, .number = ++t->last_number};
	face->key = FACE_FIRST_PROGRAM + (uint64_t)face->number;
	if (foreground)
		readers_set_foreground(t, face->number);
	return face;
}

void face_released(struct terminal *t, uint64_t key)
{
	struct face *face = find_program(t, key);

	if (!face || key == 0)
		return;
	output_leave_screen(face);
	readers_drop_face(t, face);
	if (t->foreground == face->number)
		t->foreground = 0;
	if (t->writer == face) {
		output_end_line(t);
		t->writer = nullptr;
	}
	if (face->waiting)
		(void)!service_reply_raise(&face->waiter, EXCEPTION_TYPE_DISCONNECTED, "closed", nullptr);

	uint32_t number = face->number;
	face->key = 0;
	event_closed(t, number);
}
