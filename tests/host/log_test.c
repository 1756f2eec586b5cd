// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The log between CPUs, every schedule with few preemptions: what two threads of a process write at once, and who waits for a line.
 */
#include "scenario.h"

#include <core/log.h>
#include <object/object.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/log_reader.capnp.h>

#include <string.h>

extern struct object console_object, log_reader_object; /* as object_types.c has them */

#define ANSWER 512u

static struct process *writers, *reader;
static cap_id console, log_reader;
static uint64_t begin;
static unsigned done;

static struct cap_cqe call(struct user_ring *ring, cap_id target, uint64_t interface_id, uint16_t method,
			   const struct msg_builder *message)
{
	user_arena_write(ring, 0, message->base, (uint32_t)msg_builder_size(message));
	return user_do(ring, &(struct cap_sqe){.op = CAP_OP_CALL,
					       .target = target.raw,
					       .interface_id = interface_id,
					       .method = method,
					       .msg_len = (uint32_t)msg_builder_size(message),
					       .buf_off = ANSWER,
					       .buf_len = 256});
}

static void writes(uint64_t region)
{
	struct user_ring ring;
	uint64_t words[8];
	struct msg_builder message;

	user_ring_open(&ring, region);
	msg_builder_init(&message, words, sizeof(words));
	console_write_line_params_builder_set_text(console_write_line_params_builder_root(&message),
						   ring.thread_arg == 0 ? MSG_TEXT("first")
									: MSG_TEXT("second"));
	explore_check(call(&ring, console, CONSOLE_INTERFACE_ID, CONSOLE_WRITE_LINE, &message).status ==
		      STATUS_OK);
	(void)__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static void waits(uint64_t region)
{
	struct user_ring ring;
	uint64_t words[8];
	struct msg_builder message;

	user_ring_open(&ring, region);
	msg_builder_init(&message, words, sizeof(words));
	log_reader_wait_params_builder_set_from(log_reader_wait_params_builder_root(&message), begin);
	explore_check(call(&ring, log_reader, LOG_READER_INTERFACE_ID, LOG_READER_WAIT, &message).status ==
		      STATUS_OK);
	(void)__atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
}

static void begin_writers(unsigned threads)
{
	scenario_begin(2);
	done = 0;
	begin = log_next_sequence();
	writers = scenario_process("writers");
	console = scenario_give(writers, scenario_full(&console_object));
	for (unsigned i = 0; i < threads; i++)
		scenario_thread(writers, writes, i);
}

/* Lines of the processes since the begin that are `text`. */
static unsigned lines(const char *text)
{
	struct log_entry entry;
	unsigned found = 0;

	for (uint64_t at = begin; log_read(at, &entry); at = entry.sequence + 1) {
		size_t len = strlen(text);
		found += entry.len >= len && memcmp(entry.text + entry.len - len, text, len) == 0;
	}
	return found;
}

EXPLORE_ALL(lines_that_two_threads_write_at_once_are_both_whole, 1)
{
	begin_writers(2);
	scenario_run();
	explore_check(done == 2);
	explore_check(lines(": first") == 1 && lines(": second") == 1);
	scenario_end();
}

EXPLORE_ALL(a_line_finds_who_waits_for_it, 1)
{
	begin_writers(1);
	reader = scenario_process("reader");
	log_reader = scenario_give(reader, scenario_full(&log_reader_object));
	scenario_thread(reader, waits, 0);
	scenario_run();
	explore_check(done == 2);
	scenario_end();
}

EXPLORE_MAIN
