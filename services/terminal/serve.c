// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The interfaces of the terminal. Which of them a caller may use is in the capability that it holds (the image says who
 * gets "console", "session" or "stdio"; the session opens further StdIO); the object of a call is the face behind it.
 */
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/service/terminal.capnp.h>

#include "terminal.h"

#define DEFAULT_COLUMNS 80u
#define DEFAULT_ROWS 24u
#define MAX_READ 4096u
#define MAX_REPLY (LINE_MAX + 64u)

static enum status console_write_text(void *self, struct rpc_request *request,
				      struct console_write_params_reader params)
{
	struct msg_text text = console_write_params_reader_text(params);

	(void)request;
	output_text(self, text.ptr, text.len, false);
	return STATUS_OK;
}

static enum status console_write_whole_line(void *self, struct rpc_request *request,
					    struct console_write_line_params_reader params)
{
	struct msg_text text = console_write_line_params_reader_text(params);

	(void)request;
	output_text(self, text.ptr, text.len, true);
	return STATUS_OK;
}

static enum status console_write_any(void *self, struct rpc_request *request,
				     struct console_write_bytes_params_reader params)
{
	struct msg_data data = console_write_bytes_params_reader_bytes(params);

	(void)request;
	output_text(self, (const char *)data.ptr, data.len, false);
	return STATUS_OK;
}

/* ---- TerminalSession ---- */

static enum status session_write(void *self, struct rpc_request *request,
				 struct terminal_session_write_params_reader params)
{
	struct msg_data data = terminal_session_write_params_reader_bytes(params);

	(void)request;
	output_text(self, (const char *)data.ptr, data.len, false);
	return STATUS_OK;
}

static void set_prompt(struct reader *reader, struct msg_text prompt)
{
	reader->prompt_len = prompt.len < LINE_PROMPT_MAX ? prompt.len : LINE_PROMPT_MAX;
	__builtin_memcpy(reader->prompt, prompt.ptr, reader->prompt_len);
}

static enum status session_read_line(void *self, struct rpc_request *request,
				     struct terminal_session_read_line_params_reader params,
				     struct terminal_session_read_line_results_builder results)
{
	struct face *face = self;
	struct reader reader = {.face = face, .kind = READ_LINE};

	(void)results;
	set_prompt(&reader, terminal_session_read_line_params_reader_prompt(params));
	return readers_add(face->terminal, request, &reader);
}

static enum status session_edit(void *self, struct rpc_request *request,
				struct terminal_session_edit_params_reader params,
				struct terminal_session_edit_results_builder results)
{
	struct face *face = self;
	struct msg_text line = terminal_session_edit_params_reader_line(params);
	uint32_t cursor = terminal_session_edit_params_reader_cursor(params);
	struct reader reader = {.face = face,
				.kind = READ_EDIT,
				.hidden = terminal_session_edit_params_reader_hidden(params)};

	(void)results;
	if (line.len > LINE_MAX)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "at most 960 bytes", "line");
	if (cursor > line.len || (cursor < line.len && ((uint8_t)line.ptr[cursor] & 0xc0) == 0x80))
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "not where a character of line begins", "cursor");
	set_prompt(&reader, terminal_session_edit_params_reader_prompt(params));
	__builtin_memcpy(reader.line, line.ptr, line.len);
	reader.line_len = line.len;
	reader.cursor = cursor;
	return readers_add(face->terminal, request, &reader);
}

static enum status session_size(void *self, struct rpc_request *request,
				struct terminal_session_size_results_builder results)
{
	const struct terminal *t = ((struct face *)self)->terminal;

	(void)request;
	terminal_session_size_results_builder_set_columns(results, t->columns);
	terminal_session_size_results_builder_set_rows(results, t->rows);
	terminal_session_size_results_builder_set_known(results, t->size_told || t->size_answered);
	return STATUS_OK;
}

static enum status session_next_event(void *self, struct rpc_request *request,
				      struct terminal_session_next_event_results_builder results)
{
	(void)results;
	return event_wait(self, request);
}

static enum status add_key_reader(struct face *face, struct rpc_request *request)
{
	return readers_add(face->terminal, request, &(struct reader){.face = face, .kind = READ_KEY});
}

static enum status session_read_key(void *self, struct rpc_request *request,
				    struct terminal_session_read_key_results_builder results)
{
	(void)results;
	return add_key_reader(self, request);
}

static enum status session_set_size(void *self, struct rpc_request *request,
				    struct terminal_session_set_size_params_reader params)
{
	struct terminal *t = ((struct face *)self)->terminal;
	uint16_t columns = terminal_session_set_size_params_reader_columns(params);
	uint16_t rows = terminal_session_set_size_params_reader_rows(params);

	t->size_told = columns != 0 || rows != 0;
	if (!t->size_told) {
		t->size_answers = true; /* so it is asked, at least once */
		return STATUS_OK;
	}
	if (columns < 8 || columns > 1000)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "8 to 1000", "columns");
	if (rows < 2 || rows > 1000)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "2 to 1000", "rows");
	input_set_size(t, columns, rows);
	return STATUS_OK;
}

static enum status set_screen(struct face *face, struct rpc_request *request, bool whole)
{
	if (!whole)
		output_leave_screen(face);
	else if (!output_take_screen(face))
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "somebody else has the screen", nullptr);
	return STATUS_OK;
}

static enum status session_set_screen(void *self, struct rpc_request *request,
				      struct terminal_session_set_screen_params_reader params)
{
	return set_screen(self, request, terminal_session_set_screen_params_reader_whole(params));
}

static enum status session_open(void *self, struct rpc_request *request,
				struct terminal_session_open_std_io_params_reader params,
				struct terminal_session_open_std_io_results_builder results)
{
	struct terminal *t = ((struct face *)self)->terminal;

	if (request->caps_out_max == 0)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "no room for a capability",
				 nullptr);
	struct face *face = face_open(t, terminal_session_open_std_io_params_reader_foreground(params));
	if (!face)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many programs use this terminal",
				 nullptr);
	terminal_session_open_std_io_results_builder_set_stdio(
		results, rpc_request_mint_cap(request, t->stdio_template, face->key));
	terminal_session_open_std_io_results_builder_set_number(results, face->number);
	return STATUS_OK;
}

static enum status session_set_foreground(void *self, struct rpc_request *request,
					  struct terminal_session_set_foreground_params_reader params)
{
	struct terminal *t = ((struct face *)self)->terminal;
	uint32_t number = terminal_session_set_foreground_params_reader_number(params);

	if (number != 0 && !face_numbered(t, number))
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "there is no such StdIO",
				 "number");
	readers_set_foreground(t, number);
	return STATUS_OK;
}

/* ---- StdIO ---- */

static enum status stdio_read(void *self, struct rpc_request *request,
			      struct std_io_read_params_reader params,
			      struct std_io_read_results_builder results)
{
	struct face *face = self;
	uint32_t count = std_io_read_params_reader_count(params);
	struct reader reader = {.face = face, .kind = READ_BYTES, .max_bytes = count};

	(void)results;
	if (count == 0 || count > MAX_READ)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "1 to 4096 bytes", "count");
	return readers_add(face->terminal, request, &reader);
}

static enum status stdio_readable(void *self, struct rpc_request *request,
				  struct std_io_readable_params_reader params,
				  struct std_io_readable_results_builder results)
{
	struct face *face = self;

	if (std_io_readable_params_reader_wait(params))
		return readers_add(face->terminal, request,
				   &(struct reader){.face = face, .kind = READ_READY});
	std_io_readable_results_builder_set_ready(results, readers_ready(face->terminal, face));
	return STATUS_OK;
}

static enum status stdio_write(void *self, struct rpc_request *request,
			       struct std_io_write_params_reader params)
{
	struct msg_data data = std_io_write_params_reader_bytes(params);

	(void)request;
	output_text(self, (const char *)data.ptr, data.len, false);
	return STATUS_OK;
}

static enum status stdio_write_error(void *self, struct rpc_request *request,
				     struct std_io_write_error_params_reader params)
{
	struct msg_data data = std_io_write_error_params_reader_bytes(params);

	(void)request;
	output_text(self, (const char *)data.ptr, data.len, false);
	return STATUS_OK;
}

static enum status stdio_next_event(void *self, struct rpc_request *request,
				    struct std_io_next_event_results_builder results)
{
	(void)results;
	return event_wait(self, request);
}

static enum status stdio_read_key(void *self, struct rpc_request *request,
				  struct std_io_read_key_results_builder results)
{
	(void)results;
	return add_key_reader(self, request);
}

static enum status stdio_set_mode(void *self, struct rpc_request *request,
				  struct std_io_set_mode_params_reader params)
{
	struct face *face = self;
	enum std_io_input_mode mode = std_io_set_mode_params_reader_input(params);

	if (mode > STD_IO_INPUT_MODE_RAW)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "line, hidden or raw", "input");
	enum status status = set_screen(face, request, std_io_set_mode_params_reader_screen(params));
	if (status == STATUS_OK && mode != face->mode) {
		readers_mode_changed(face->terminal, face);
		face->mode = mode;
	}
	return status;
}

static enum status stdio_size(void *self, struct rpc_request *request,
			      struct std_io_size_results_builder results)
{
	const struct terminal *t = ((struct face *)self)->terminal;

	(void)request;
	std_io_size_results_builder_set_columns(results, t->columns);
	std_io_size_results_builder_set_rows(results, t->rows);
	return STATUS_OK;
}

/* ---- All of them ---- */

static const struct console_server_ops console_ops = {
	.write = console_write_text,
	.write_line = console_write_whole_line,
	.write_bytes = console_write_any,
};

static const struct terminal_session_server_ops session_ops = {
	.write = session_write,
	.read_line = session_read_line,
	.size = session_size,
	.edit = session_edit,
	.next_event = session_next_event,
	.read_key = session_read_key,
	.set_size = session_set_size,
	.set_screen = session_set_screen,
	.open_std_io = session_open,
	.set_foreground = session_set_foreground,
};

static const struct std_io_server_ops stdio_ops = {
	.read = stdio_read,
	.write = stdio_write,
	.write_error = stdio_write_error,
	.next_event = stdio_next_event,
	.read_key = stdio_read_key,
	.set_mode = stdio_set_mode,
	.size = stdio_size,
	.readable = stdio_readable,
};

static void caller_went_away(void *context, uint64_t token)
{
	if (!readers_cancel(context, token))
		(void)event_cancel(context, token);
}

static void program_ended(void *context, uint64_t key, uint64_t mints)
{
	(void)mints; /* each key is minted once */
	face_released(context, key);
}

static void *object(void *context, uint64_t key)
{
	return face_find(context, key);
}

enum status serve_start(struct terminal *t)
{
	static const struct service_interface interfaces[] = {
		{&console_interface, &console_ops},
		{&terminal_session_interface, &session_ops},
		{&std_io_interface, &stdio_ops},
	};
	cap_id endpoint = runtime_need("endpoint", ENDPOINT_INTERFACE_ID);

	t->columns = DEFAULT_COLUMNS;
	t->rows = DEFAULT_ROWS;
	line_init(&t->editor, (struct line_output){output_raw, t}, t->columns);
	faces_start(t, endpoint);
	return service_init(&t->service, runtime_ring(), endpoint,
			    &(struct service_options){
				    .interfaces = interfaces,
				    .interface_count = sizeof(interfaces) / sizeof(interfaces[0]),
				    .context = t,
				    .object = object,
				    .released = program_ended,
				    .cancelled = caller_went_away,
				    .max_reply = MAX_REPLY,
			    });
}
