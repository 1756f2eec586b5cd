// SPDX-License-Identifier: MIT OR Apache-2.0
/* Sizes at the sender, deadlines, CANCEL, endpoints without a receiver. */
#include <schema/kernel/capability_manager.capnp.h>

#include "ipc.h"

static void test_sender(void)
{
	struct raw_remote r = {.target = w.facet, .message_bytes = 1032};

	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_TOO_LARGE,
	       "a message larger than the endpoint takes: refused at the sender");
	r.message_bytes = 1024;
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	tap_ok(cqe.status == STATUS_OK && raw_header(&w.raw)->msg_len == 1024, "the largest that it takes");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	tap_is(raw_status(&w.raw, raw_recv(&w.raw, w.facet)), STATUS_WRONG_TYPE,
	       "a facet is no receive right");
	tap_ok(raw_status(&w.raw, raw_recv(&w.raw, w.timer)) != STATUS_OK, "neither is a timer");
	tap_is(raw_status(&w.raw, raw_recv(&w.raw, CAP_ID_NULL)), STATUS_BAD_ID, "nor null");
}

static void test_deadlines(void)
{
	struct cap_sqe sqe = raw_call(&w.raw, w.facet, 0, raw_fill(&w.raw, 0, 0));
	uint64_t before = runtime_now();

	sqe.deadline_ns = before + 10 * MS;
	tap_is(raw_status(&w.raw, sqe), STATUS_TIMED_OUT, "a CALL that nobody receives, with a deadline");
	tap_ok(runtime_now() >= before + 10 * MS && runtime_now() < before + 2000 * MS, "in time");
	sqe.deadline_ns = 1;
	tap_is(raw_status(&w.raw, sqe), STATUS_TIMED_OUT, "a deadline that is past");
	tap_is((enum status)receive_within(5 * MS).status, STATUS_TIMED_OUT,
	       "a RECV that nobody calls: the calls above are gone");

	struct raw_remote r;
	struct cap_cqe cqe = receive_expiring(&r);
	tap_ok(cqe.status == STATUS_OK && raw_header(&w.raw)->deadline_ns == r.deadline_ns,
	       "the server sees the deadline");
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_TIMED_OUT && (r.cqe.flags & CAP_CQE_DELIVERED),
	       "it passes: TIMED_OUT, DELIVERED");
	enum status status = answer(cqe.token, 0, 0);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID, "the late RETURN harms nobody (%s)",
	       tap_status_name(status));
}

struct completion {
	struct ring_op op; /* first */
	struct cap_cqe cqe;
	bool done;
};

static void complete(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct completion *c = (struct completion *)(void *)op;

	c->cqe = *cqe;
	c->done = true;
}

static void wait_for(struct completion *c)
{
	uint64_t end = runtime_now() + 1000 * MS;

	while (!c->done && runtime_now() < end)
		ring_wait(w.ring, end);
}

static uint64_t submit(struct completion *c, struct cap_sqe sqe)
{
	*c = (struct completion){.op.complete = complete};
	return ring_submit(w.ring, &sqe, &c->op);
}

static void test_cancel(void)
{
	struct completion c;
	struct cap_sqe call = raw_call(&w.raw, w.facet, 0, raw_fill(&w.raw, 0, 0));
	uint64_t sequence = submit(&c, call);

	ring_flush(w.ring);
	tap_ok(!c.done, "a call waits at the endpoint");
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_OK,
	       "CANCEL");
	wait_for(&c);
	tap_ok(c.done && c.cqe.status == STATUS_CANCELLED && !(c.cqe.flags & CAP_CQE_DELIVERED),
	       "CANCELLED, and not delivered");
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_TOO_LATE,
	       "CANCEL again");
	tap_ok(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence + 1000}) !=
		       STATUS_OK,
	       "CANCEL of what was never submitted");

	sequence = submit(&c, raw_recv(&w.raw, w.endpoint));
	ring_flush(w.ring);
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_OK,
	       "CANCEL of a RECV");
	wait_for(&c);
	tap_is((enum status)c.cqe.status, STATUS_CANCELLED, "CANCELLED");

	struct timer_sleep_params_builder p;
	struct rpc_call sleep;
	p = timer_sleep_begin(&sleep, w.t, w.timer);
	timer_sleep_params_builder_set_ns(p, 1ull << 60);
	tap_is(rpc_send(&sleep), STATUS_OK, "a long sleep");
	ring_flush(w.ring);
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sleep.sequence}), STATUS_OK,
	       "CANCEL of a sleep");
	tap_is(rpc_wait(&sleep), STATUS_CANCELLED, "CANCELLED");
	rpc_end(&sleep);
}

/* A call that was delivered to the same thread, and is cancelled then. */
static void test_cancel_delivered(void)
{
	struct completion c;
	uint64_t sequence = submit(&c, raw_call(&w.raw, w.facet, 0, raw_fill(&w.raw, 0, 0)));

	ring_flush(w.ring);
	struct cap_sqe recv = raw_recv(&w.raw, w.endpoint);
	recv.buf_off = w.raw.message;
	recv.buf_len = RAW_MESSAGE_BYTES;
	struct cap_cqe received = raw_do(&w.raw, recv);
	tap_is((enum status)received.status, STATUS_OK, "a thread receives its own call");
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence}), STATUS_OK,
	       "CANCEL of a delivered call");
	wait_for(&c);
	tap_ok(c.cqe.status == STATUS_CANCELLED && (c.cqe.flags & CAP_CQE_DELIVERED), "CANCELLED, DELIVERED");
	enum status status = answer(received.token, 0, 0);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID, "its RETURN harms nobody (%s)",
	       tap_status_name(status));
}

static void test_last_receiver(void)
{
	struct completion c;
	cap_id endpoint, facet_template, facet, copy = CAP_ID_NULL;

	(void)!raw_endpoint(256, 0, &endpoint, &facet_template);
	(void)!raw_mint(&w.raw, endpoint, facet_template, 1, &facet);
	(void)!ring_dup(w.ring, endpoint, &copy);
	submit(&c, raw_call(&w.raw, facet, 0, raw_fill(&w.raw, 0, 0)));
	ring_flush(w.ring);
	ring_release(w.ring, endpoint);
	ring_flush(w.ring);
	tap_ok(!c.done, "a queued call waits as long as a receive right exists anywhere");
	ring_release(w.ring, copy);
	wait_for(&c);
	tap_ok(c.done && c.cqe.status == STATUS_DISCONNECTED && !(c.cqe.flags & CAP_CQE_DELIVERED),
	       "with the last it completes with DISCONNECTED");
	tap_is(raw_status(&w.raw, raw_call(&w.raw, facet, 0, raw_fill(&w.raw, 0, 0))), STATUS_DISCONNECTED,
	       "so do later ones at once");
	ring_release(w.ring, facet);
	ring_release(w.ring, facet_template);
}

/* The receiving thread ends without having reaped the call; another serves on. */
static void test_quiet(void)
{
	struct completion c;
	cap_id copy = CAP_ID_NULL;

	(void)!ring_dup(w.ring, w.timer, &copy);
	submit(&c, (struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = copy.raw});
	(void)!raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_NOP});
	tap_ok(!c.done, "QUIET: a RELEASE that succeeds says nothing");
	submit(&c, (struct cap_sqe){.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = copy.raw});
	(void)!raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_NOP});
	tap_ok(c.done && c.cqe.status == STATUS_BAD_ID, "one that fails does");
	tap_is(raw_status(&w.raw,
			  (struct cap_sqe){.op = CAP_OP_DUP, .flags = CAP_SQE_QUIET, .target = w.timer.raw}),
	       STATUS_BAD_OP, "QUIET is not for operations with a result");
}

void test_failures(void)
{
	test_sender();
	test_deadlines();
	test_cancel();
	test_cancel_delivered();
	test_last_receiver();
	test_quiet();
}
