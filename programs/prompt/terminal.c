// SPDX-License-Identifier: MIT OR Apache-2.0
/* Lines in, text out. Output is collected, so that an answer of many pieces is few calls. */
#include <runtime/runtime.h>
#include <schema/service/terminal.capnp.h>

#include "prompt.h"

#define OUTPUT_MAX 896u

static cap_id session;
static char pending[OUTPUT_MAX];
static uint32_t pending_len;

void terminal_flush(void)
{
	if (pending_len == 0)
		return;
	/* Without a terminal there is nobody to tell. */
	(void)!terminal_session_write(runtime_transport(), session,
				      (struct msg_data){(const uint8_t *)pending, pending_len});
	pending_len = 0;
}

static void collect(void *self, const char *bytes, size_t len)
{
	(void)self;
	for (size_t i = 0; i < len; i++) {
		if (pending_len == OUTPUT_MAX)
			terminal_flush();
		pending[pending_len++] = bytes[i];
	}
}

const struct text_out out = {collect, nullptr};

void terminal_start(void)
{
	session = runtime_need("session", TERMINAL_SESSION_INTERFACE_ID);
}

bool terminal_read_line(char *line, uint32_t size, uint32_t *len)
{
	struct terminal_session_read_line_results_reader results;
	struct rpc_call call;

	terminal_flush();

	struct terminal_session_read_line_params_builder params = terminal_session_read_line_begin(
		&call, runtime_transport(), session);
	terminal_session_read_line_params_builder_set_prompt(params, msg_text_from(PROMPT_TEXT));

	enum status status = terminal_session_read_line_call(&call, &results);
	bool good = status == STATUS_OK && !terminal_session_read_line_results_reader_end(results);
	*len = 0;
	if (good) {
		struct msg_text text = terminal_session_read_line_results_reader_line(results);

		*len = text.len < size ? text.len : size;
		if (*len > 0)
			__builtin_memcpy(line, text.ptr, *len);
	}
	rpc_end(&call);
	/* The terminal process is gone: nothing typed here will ever arrive. */
	if (status != STATUS_OK && status != STATUS_EXCEPTION)
		runtime_exit(1);
	return good;
}

void show_error(const struct shell_error *error)
{
	text_put_pad(&out, 0, (uint32_t)sizeof(PROMPT_TEXT) - 1 + error->at);
	text_print(&out, "^ %s\n", error->text);
}
