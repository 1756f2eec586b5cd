// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The interfaces of the terminal. Which of them a caller may use is in the capability that it holds (the
 * image says who gets "console", "session" or "stdio"); behind them is one terminal, so the object key does
 * not matter here.
 */
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/service/terminal.capnp.h>

#include "terminal.h"

#define COLUMNS 80u
#define ROWS 24u
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

static enum status session_write(void *self, struct rpc_request *request,
				 struct terminal_session_write_params_reader params)
{
	struct msg_data data = terminal_session_write_params_reader_bytes(params);

	(void)request;
	output_text(self, (const char *)data.ptr, data.len, false);
	return STATUS_OK;
}

static enum status session_read_line(void *self, struct rpc_request *request,
				     struct terminal_session_read_line_params_reader params,
				     struct terminal_session_read_line_results_builder results)
{
	struct msg_text prompt = terminal_session_read_line_params_reader_prompt(params);
	struct reader reader = {.prompt_len = prompt.len < LINE_PROMPT_MAX ? prompt.len : LINE_PROMPT_MAX};

	(void)results;
	__builtin_memcpy(reader.prompt, prompt.ptr, reader.prompt_len);
	return input_add_reader(self, request, &reader);
}

static enum status session_size(void *self, struct rpc_request *request,
				struct terminal_session_size_results_builder results)
{
	(void)self, (void)request;
	terminal_session_size_results_builder_set_columns(results, COLUMNS);
	terminal_session_size_results_builder_set_rows(results, ROWS);
	return STATUS_OK;
}

static enum status stdio_read(void *self, struct rpc_request *request,
			      struct std_io_read_params_reader params,
			      struct std_io_read_results_builder results)
{
	uint32_t count = std_io_read_params_reader_count(params);
	struct reader reader = {.wants_bytes = true, .max_bytes = count};

	(void)results;
	if (count == 0 || count > MAX_READ)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "1 to 4096 bytes", "count");
	return input_add_reader(self, request, &reader);
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

static const struct console_server_ops console_ops = {
	.write = console_write_text,
	.write_line = console_write_whole_line,
	.write_bytes = console_write_any,
};

static const struct terminal_session_server_ops session_ops = {
	.write = session_write,
	.read_line = session_read_line,
	.size = session_size,
};

static const struct std_io_server_ops stdio_ops = {
	.read = stdio_read,
	.write = stdio_write,
	.write_error = stdio_write_error,
};

static void caller_went_away(void *self, uint64_t token)
{
	input_cancel(self, token);
}

enum status serve_start(struct terminal *t)
{
	static const struct service_interface interfaces[] = {
		{&console_interface, &console_ops},
		{&terminal_session_interface, &session_ops},
		{&std_io_interface, &stdio_ops},
	};

	line_init(&t->editor, (struct line_output){output_raw, t}, COLUMNS);
	return service_init(&t->service, runtime_ring(), runtime_need("endpoint", ENDPOINT_INTERFACE_ID),
			    &(struct service_options){
				    .interfaces = interfaces,
				    .interface_count = sizeof(interfaces) / sizeof(interfaces[0]),
				    .context = t,
				    .cancelled = caller_went_away,
				    .max_reply = MAX_REPLY,
			    });
}
