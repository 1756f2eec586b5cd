// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Console: a process's words in the kernel's log. An unfinished line waits, per process, for its end: under the process's lock, its
 * threads may write at once.
 */
#include "object_types.h"

#include <core/log.h>
#include <mm/slab.h>
#include <schema/kernel/console.capnp.h>

static void emit(struct process *process, struct console_line *line)
{
	log_text(LOG_INFO, process->name, line->text, line->len);
	line->len = 0;
}

static enum status add_to_line(struct process *process, const char *text, size_t len, bool end)
	REQUIRES(process->lock)
{
	if (process->console_line == NULL &&
	    (process->console_line = heap_alloc(sizeof(struct console_line))) == NULL)
		return STATUS_NO_MEMORY;
	struct console_line *line = process->console_line;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n' || line->len == sizeof(line->text))
			emit(process, line);
		if (text[i] != '\n')
			line->text[line->len++] = text[i];
	}
	if (end)
		emit(process, line);
	return STATUS_OK;
}

static enum status add(struct rpc_request *request, const char *text, size_t len, bool end)
{
	struct process *process = kcall_of(request)->thread->process;

	spin_lock(&process->lock);
	enum status status = add_to_line(process, text, len, end);
	spin_unlock(&process->lock);
	log_reader_notify();
	return status;
}

static enum status write(void *self, struct rpc_request *request, struct console_write_params_reader params)
{
	struct msg_text text = console_write_params_reader_text(params);

	(void)self;
	return add(request, text.ptr, text.len, false);
}

static enum status write_line(void *self, struct rpc_request *request,
			      struct console_write_line_params_reader params)
{
	struct msg_text text = console_write_line_params_reader_text(params);

	(void)self;
	return add(request, text.ptr, text.len, true);
}

static enum status write_bytes(void *self, struct rpc_request *request,
			       struct console_write_bytes_params_reader params)
{
	struct msg_data bytes = console_write_bytes_params_reader_bytes(params);

	(void)self;
	return add(request, (const char *)bytes.ptr, bytes.len, false);
}

static const struct console_server_ops console_ops = {
	.write = write, .write_line = write_line, .write_bytes = write_bytes};

OBJECT_TYPE(console, CONSOLE, object_destroy_never);

struct object console_object = {.type = &console_type, .refs = 1};
