// SPDX-License-Identifier: MIT OR Apache-2.0
/* LogReader: the kernel's log, read by position. */
#include "object_types.h"

#include <core/log.h>
#include <schema/kernel/log_reader.capnp.h>

#define LINES_MAX 3u

static struct spinlock waiters_lock = SPINLOCK_INIT(LOCK_RANK_PROCESS);
static struct list waiters = LIST_INIT(waiters);

static enum status read(void *self, struct rpc_request *request, struct log_reader_read_params_reader params,
			struct log_reader_read_results_builder results)
{
	uint64_t from = log_reader_read_params_reader_from(params);
	struct log_entry entry;
	uint64_t at = from;
	uint32_t count = 0;

	(void)self, (void)request;
	for (; count < LINES_MAX && log_read(at, &entry); count++)
		at = entry.sequence + 1;
	struct log_reader_line_list_builder lines = log_reader_read_results_builder_init_lines(results,
											       count);
	at = from;
	for (uint32_t i = 0; i < count && log_read(at, &entry); i++) {
		struct log_reader_line_builder line = log_reader_line_list_builder_at(lines, i);
		log_reader_line_builder_set_sequence(line, entry.sequence);
		log_reader_line_builder_set_time_ns(line, entry.time_ns);
		log_reader_line_builder_set_level(line, (enum log_reader_level)entry.level);
		log_reader_line_builder_set_text(line, (struct msg_text){entry.text, entry.len});
		at = entry.sequence + 1;
	}
	log_reader_read_results_builder_set_next(results, at);
	return STATUS_OK;
}

/* Waiters look again at every new line: log lines of processes are what they wait for. */
static enum status wait(void *self, struct rpc_request *request, struct log_reader_wait_params_reader params)
{
	enum status status = STATUS_OK;

	spin_lock(&waiters_lock);
	if (log_next_sequence() <= log_reader_wait_params_reader_from(params))
		status = kcall_defer(request, self, &waiters, &waiters_lock);
	spin_unlock(&waiters_lock);
	return status;
}

void log_reader_notify(void)
{
	/* Takes the lock in any case: who found no line, and is not in the list yet, has it. */
	kcall_complete_all(&waiters, &waiters_lock, STATUS_OK, NULL, NULL);
}

static const struct log_reader_server_ops log_reader_ops = {.read = read, .wait = wait};

OBJECT_TYPE(log_reader, LOG_READER, object_destroy_never);

struct object log_reader_object = {.type = &log_reader_type, .refs = 1};
