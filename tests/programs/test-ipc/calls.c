// SPDX-License-Identifier: MIT OR Apache-2.0
/* CALL, RECV, RETURN, RETURN_RECV between two threads; order, many callers. */
#include "ipc.h"

static void test_one_call(void)
{
	struct raw_remote r = {.target = w.facet, .method = 3, .words = 5, .first = 100, .buf_caps = 2};

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	const struct cap_call_header *h = raw_header(&w.raw);

	tap_is((enum status)cqe.status, STATUS_OK, "RECV");
	tap_ok(h->interface_id == RAW_INTERFACE && h->key == 7 && h->method == 3 && h->msg_len == 48 &&
		       h->caps == 0 && h->buf_caps == 2 && h->buf_len == RAW_BUFFER_BYTES &&
		       h->deadline_ns > runtime_now() && h->released == 0 && h->mints == 0,
	       "the header says who, what and how much can come back");
	tap_ok(raw_is(raw_message_of(&w.raw), h->msg_len, 5, 100), "the message is behind it");
	tap_ok(cqe.len == sizeof(*h) + 48 && cqe.caps == 0 && cqe.flags == 0 && cqe.reserved == 0 &&
		       cqe.token != 0,
	       "the completion counts both and names the call");
	tap_is(answer(cqe.token, 3, 9), STATUS_OK, "RETURN");
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_OK && r.cqe.len == 32 && raw_is(r.result, r.cqe.len, 3, 9),
	       "the caller has the answer");
	tap_is(answer(cqe.token, 3, 9), STATUS_BAD_ID, "a second RETURN of the same call");
}

static void test_sizes(void)
{
	static const uint32_t words[] = {0, 1, 7, 126};

	for (unsigned i = 0; i < 4; i++) {
		struct raw_remote r = {.target = w.facet, .words = words[i], .first = i};

		(void)!raw_remote_start(&r);
		struct cap_cqe cqe = receive();
		bool good = raw_is(raw_message_of(&w.raw), raw_header(&w.raw)->msg_len, words[i], i);
		(void)!answer(cqe.token, words[i], ~i);
		raw_remote_join(&r);
		tap_ok(good && r.cqe.status == STATUS_OK && r.cqe.len == 8 * (words[i] + 1),
		       "a message of %u bytes there and back", 8 * (words[i] + 1));
	}
}

/* Answers `count` calls with RETURN_RECV, each with word 0 of the message + 1. Returns how many went well. */
static uint32_t serve(uint32_t count)
{
	struct cap_cqe cqe = receive();
	uint32_t served = 0;

	while (served < count && cqe.status == STATUS_OK) {
		if (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) {
			cqe = receive_within(served == count ? 5 * MS : 1000 * MS);
			continue;
		}
		uint64_t word = ((const uint64_t *)raw_message_of(&w.raw))[1];
		struct cap_sqe sqe = raw_recv(&w.raw, w.endpoint);

		served++;
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.target = cqe.token;
		sqe.interface_id = w.endpoint.raw;
		sqe.msg_off = w.raw.message;
		sqe.msg_len = raw_fill(&w.raw, 1, word + 1);
		sqe.deadline_ns = runtime_now() + (served == count ? 5 * MS : 1000 * MS);
		cqe = raw_do(&w.raw, sqe);
	}
	if (cqe.status != STATUS_TIMED_OUT)
		tap_note("after %u: %s", served, tap_status_name((enum status)cqe.status));
	return served;
}

static void test_return_recv(void)
{
	struct raw_remote r = {.target = w.facet, .words = 1, .first = 1, .repeat = 1000};

	(void)!raw_remote_start(&r);
	tap_ok(serve(1000) == 1000, "RETURN_RECV serves 1000 calls");
	raw_remote_join(&r);
	tap_ok(r.done == 1000 && r.result[1] == 1001, "each of them was answered");
}

static void test_many_callers(void)
{
	static struct raw_remote r[8];
	uint32_t done = 0;

	for (unsigned i = 0; i < 8; i++) {
		r[i] = (struct raw_remote){.target = w.facet, .words = 1, .first = i * 1000, .repeat = 100};
		(void)!raw_remote_start(&r[i]);
	}
	tap_ok(serve(800) == 800, "eight threads call, a hundred times each");
	for (unsigned i = 0; i < 8; i++) {
		raw_remote_join(&r[i]);
		done += r[i].done == 100 && r[i].result[1] == i * 1000 + 100;
	}
	tap_ok(done == 8, "each got its own answers");
}

/* One thread, several calls at a time: they arrive in the order of their submission. */
static int64_t call_in_order(void *argument)
{
	struct raw raw = raw_start();
	uint64_t *failed = argument;
	struct cap_cqe last = {};

	uint64_t *message = raw_at(&raw, raw.message);
	for (uint64_t i = 0; i < 6; i++) {
		message[i * 2] = 1ull << 32;
		message[i * 2 + 1] = i;
	}
	for (uint32_t i = 0; i < 5; i++) {
		struct cap_sqe sqe = raw_call(&raw, w.facet, 0, 16);

		sqe.msg_off = raw.message + i * 16;
		sqe.buf_off = raw.buffer + i * 256;
		sqe.buf_len = 256;
		ring_submit(raw.ring, &sqe, nullptr);
	}
	struct cap_sqe sqe = raw_call(&raw, w.facet, 0, 16);
	sqe.msg_off = raw.message + 5 * 16;
	sqe.buf_off = raw.buffer + 5 * 256;
	sqe.buf_len = 256;
	last = raw_do(&raw, sqe);
	*failed = last.status != STATUS_OK;
	return 0;
}

static void test_order(void)
{
	struct thread thread;
	uint64_t failed = 1;
	bool ordered = true;

	(void)!thread_start(&thread, call_in_order, &failed, nullptr);
	for (uint64_t i = 0; i < 6; i++) {
		struct cap_cqe cqe = receive();

		ordered &= cqe.status == STATUS_OK && ((const uint64_t *)raw_message_of(&w.raw))[1] == i;
		(void)!answer(cqe.token, 0, 0);
	}
	(void)!thread_join(&thread, nullptr);
	tap_ok(ordered && !failed,
	       "calls of one ring through one reference arrive in the order of their submission");
}

void test_calls(void)
{
	test_one_call();
	test_sizes();
	test_return_recv();
	test_many_callers();
	test_order();
}

/* ---- Answers ---- */

static void test_exception(void)
{
	struct raw_remote r = {.target = w.facet};

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	struct msg_builder b;
	msg_builder_init(&b, raw_at(&w.raw, w.raw.message), RPC_EXCEPTION_BYTES);
	rpc_exception_build(&b, EXCEPTION_TYPE_OVERLOADED, "too much", "x");
	struct cap_sqe sqe = raw_return(&w.raw, cqe.token, (uint32_t)msg_builder_size(&b));
	sqe.flags = CAP_SQE_IS_EXCEPTION;
	tap_is(raw_status(&w.raw, sqe), STATUS_OK, "RETURN of an exception");
	raw_remote_join(&r);

	struct msg_reader reader;
	msg_reader_init(&reader, r.result, r.cqe.len);
	struct exception_reader e = exception_reader_root(&reader);
	tap_ok(r.cqe.status == STATUS_EXCEPTION && exception_reader_type(e) == EXCEPTION_TYPE_OVERLOADED &&
		       msg_text_equal(exception_reader_reason(e), MSG_TEXT("too much")),
	       "the caller gets status, type and reason");

	r = (struct raw_remote){.target = w.facet};
	(void)!raw_remote_start(&r);
	cqe = receive();
	sqe = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 40, 0));
	sqe.flags = CAP_SQE_IS_EXCEPTION;
	tap_is(raw_status(&w.raw, sqe), STATUS_TOO_LARGE, "an exception of more than 256 bytes is refused");
	tap_is(answer(cqe.token, 0, 0), STATUS_OK, "and the call is still open");
	raw_remote_join(&r);
}

static void test_small_buffers(void)
{
	struct raw_remote r = {.target = w.facet, .buf_len = 256};

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	tap_ok(raw_header(&w.raw)->buf_len == 256, "the server knows how much the caller takes");
	tap_is(answer(cqe.token, 32, 0), STATUS_TOO_LARGE, "an answer larger than that is refused");
	tap_is(answer(cqe.token, 31, 5), STATUS_OK, "one that just fits is not");
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_OK && raw_is(r.result, r.cqe.len, 31, 5), "and it arrived");

	r = (struct raw_remote){.target = w.facet, .buf_len = 248};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_BAD_RANGE || r.cqe.status == STATUS_TOO_LARGE,
	       "a CALL with less than 256 bytes for its result is refused (%s)",
	       tap_status_name((enum status)r.cqe.status));

	struct cap_sqe sqe = raw_recv(&w.raw, w.endpoint);
	sqe.buf_len = 1024;
	tap_is(raw_status(&w.raw, sqe), STATUS_TOO_LARGE,
	       "a RECV that could not hold the largest message is refused");
	sqe = raw_recv(&w.raw, w.endpoint);
	sqe.buf_caps = 3;
	tap_is(raw_status(&w.raw, sqe), STATUS_TOO_LARGE, "so is one that could not hold its capabilities");
}

static void test_bad_returns(void)
{
	struct raw_remote r = {.target = w.facet};

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	tap_is(answer(cqe.token + 1, 0, 0), STATUS_BAD_ID, "a token that was never given");
	tap_is(answer(cqe.token ^ 1ull << 32, 0, 0), STATUS_BAD_ID, "a token of another generation");
	tap_is(answer(0, 0, 0), STATUS_BAD_ID, "token 0");
	tap_is(answer(UINT64_MAX, 0, 0), STATUS_BAD_ID, "token 2^64 - 1");
	struct cap_sqe sqe = raw_return(&w.raw, cqe.token, 8);
	sqe.msg_off = w.ring->region->arena_len;
	tap_is(raw_status(&w.raw, sqe), STATUS_BAD_RANGE, "a RETURN from outside the arena");
	sqe = raw_recv(&w.raw, w.endpoint);
	sqe.op = CAP_OP_RETURN_RECV;
	sqe.target = cqe.token;
	sqe.interface_id = w.timer.raw;
	tap_ok(raw_status(&w.raw, sqe) != STATUS_OK,
	       "RETURN_RECV at what is no endpoint is refused as a whole");
	sqe.interface_id = w.endpoint.raw;
	sqe.msg_off = w.raw.message;
	sqe.msg_len = raw_fill(&w.raw, 1, 0);
	sqe.buf_len = 64;
	tap_ok(raw_status(&w.raw, sqe) != STATUS_OK, "so is one whose RECV half is too small");
	tap_is(answer(cqe.token, 0, 0), STATUS_OK, "the call was open all the time");
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_OK, "and its caller knows nothing of it");
}

void test_answers(void)
{
	test_exception();
	test_small_buffers();
	test_bad_returns();
}
