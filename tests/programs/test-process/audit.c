// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The flight recorder says the same of a call however the kernel took it: plain calls to kernel objects complete from registers,
 * calls whose answer is kept go the general way, and an auditor must not be able to tell.
 */
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/raw.h>

#include "process.h"

#define LAST 256u
#define PAIRS 5u

/* Each call twice: plain, then with its answer kept. */
int calls_both_ways(void)
{
	struct raw raw = raw_start();
	const struct cap_sqe now = {.op = CAP_OP_CALL,
				    .target = w.timer.raw,
				    .interface_id = TIMER_INTERFACE_ID,
				    .method = TIMER_NOW,
				    .msg_off = raw.message,
				    .msg_len = raw_fill(&raw, 0, 0),
				    .buf_off = raw.buffer,
				    .buf_len = RAW_BUFFER_BYTES};
	struct cap_sqe calls[PAIRS] = {now, now, now, now, now};
	enum status expected[PAIRS] = {STATUS_OK, STATUS_BAD_ID, STATUS_EXCEPTION, STATUS_EXCEPTION,
				       STATUS_BAD_MESSAGE};

	calls[1].target ^= 1ull << 40; /* stale */
	calls[2].interface_id++;       /* it has no such interface */
	calls[3].method = 99;          /* nor such a method */
	calls[4].msg_len = 0;          /* no message at all */
	for (unsigned i = 0; i < PAIRS; i++) {
		enum status plain = raw_status(&raw, calls[i]);
		uint64_t sequence = raw.ring->transport.sequence;

		calls[i].flags = CAP_SQE_KEEP_ANSWER;
		enum status kept = raw_status(&raw, calls[i]);
		(void)!raw_status(&raw, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER, .target = sequence});
		if (plain != kept || (i < 2 && plain != expected[i]))
			return (int)i + 1;
	}
	return 0;
}

struct seen {
	uint64_t ns, interface_id, object;
	uint32_t message_bytes, slot;
	int32_t status;
	uint16_t method;
};

/* Into its place by time: a thread may have gone from one CPU to another, and each CPU has a recorder of its own. */
static void insert(struct seen *calls, unsigned *n, struct seen call)
{
	unsigned at = *n;

	if (*n == LAST)
		return;
	for (; at > 0 && calls[at - 1].ns > call.ns; at--)
		calls[at] = calls[at - 1];
	calls[at] = call;
	(*n)++;
}

/* The calls of the process, in order. */
static unsigned calls_of(cap_id handle, struct seen out[LAST])
{
	struct process_handle_events_results_reader r;
	unsigned n = 0;

	for (uint64_t from = 0; from != UINT64_MAX;) {
		struct rpc_call call;

		process_handle_events_params_builder_set_from(process_handle_events_begin(&call, w.t, handle),
							      from);
		if (process_handle_events_call(&call, &r) != STATUS_OK) {
			rpc_end(&call);
			break;
		}
		struct process_handle_event_list_reader list = process_handle_events_results_reader_events(r);
		for (uint32_t i = 0; i < process_handle_event_list_reader_count(list); i++) {
			struct process_handle_event_reader e = process_handle_event_list_reader_at(list, i);

			if (process_handle_event_reader_kind(e) == 1)
				insert(out, &n,
				       (struct seen){
					       .ns = process_handle_event_reader_time_ns(e),
					       .interface_id = process_handle_event_reader_interface_id(e),
					       .object = process_handle_event_reader_object(e),
					       .message_bytes = process_handle_event_reader_message_bytes(e),
					       .slot = process_handle_event_reader_slot(e),
					       .status = process_handle_event_reader_status(e),
					       .method = process_handle_event_reader_method(e)});
		}
		from = process_handle_events_results_reader_next(r);
		rpc_end(&call);
	}
	return n;
}

static bool is_same(const struct seen *a, const struct seen *b)
{
	return a->interface_id == b->interface_id && a->object == b->object &&
	       a->message_bytes == b->message_bytes && a->slot == b->slot && a->status == b->status &&
	       a->method == b->method;
}

void test_audit(void)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer")};
	static struct seen calls[LAST];
	struct spawn_exit e = {};
	cap_id handle = CAP_ID_NULL;
	unsigned same = 0;

	(void)!child_start(
		"test-process",
		&(struct child_options){.grants = grants, .grant_count = 2, .arguments = {"calls both ways"}},
		&handle);
	(void)!spawn_wait(w.t, handle, runtime_now() + 10'000'000'000ull, &e);
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 0,
	       "a call has one result, however the kernel takes it (%lld)", (long long)e.code);
	unsigned n = calls_of(handle, calls);
	for (unsigned i = 0; n >= 2 * PAIRS && i < PAIRS; i++)
		same += is_same(&calls[n - 2 * PAIRS + 2 * i], &calls[n - 2 * PAIRS + 2 * i + 1]);
	if (!tap_ok(same == PAIRS, "and one entry in the flight recorder: the same word for word"))
		for (unsigned i = n >= 2 * PAIRS ? n - 2 * PAIRS : 0; i < n; i++)
			tap_note("%llx.%u object %llu slot %u, %u bytes: %d",
				 (unsigned long long)calls[i].interface_id, calls[i].method,
				 (unsigned long long)calls[i].object, calls[i].slot, calls[i].message_bytes,
				 calls[i].status);
	ring_release(w.ring, handle);
}
