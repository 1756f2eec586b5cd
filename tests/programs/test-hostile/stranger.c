// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Unprivileged Stranger: a process without a single capability tries every operation with forged, stale
 * and neighbouring ids. Nothing happens: each is refused, and no count changes.
 */
#include "hostile.h"

#define ANYTHING_DONE 1

static bool is_harmless(struct bare *b, struct cap_sqe sqe)
{
	struct cap_cqe cqe = {};

	sqe.user_data = 42;
	int32_t status = bare_do(b, sqe, &cqe);
	return status < 0 && status != STATUS_AGAIN && cqe.caps == 0 && cqe.token == 0;
}

/*
 * What an id might be: forged ones, those that a parent's table has, those of any other process, numbers of
 * any kind.
 */
static uint64_t an_id(unsigned round)
{
	switch (round % 6) {
	case 0:
		return cap_id_make(round / 6 % 300, 1).raw;
	case 1:
		return cap_id_make(round / 6 % 300, 1 + (uint32_t)(dice() % 4)).raw;
	case 2:
		return dice();
	case 3:
		return (uint32_t)dice();
	case 4:
		return round / 6;
	default:
		return cap_id_make((uint32_t)dice() % CAP_TABLE_MAX_SLOTS, (uint32_t)dice()).raw;
	}
}

int stranger(void)
{
	struct bare b = bare_start();

	if (runtime_grant_count() != 0)
		return 2;
	for (unsigned round = 0; round < 3000; round++) {
		static const uint8_t operations[] = {
			CAP_OP_CALL,    CAP_OP_RECV,           CAP_OP_RETURN, CAP_OP_RETURN_RECV,
			CAP_OP_RELEASE, CAP_OP_RELEASE_ANSWER, CAP_OP_DUP,    CAP_OP_CANCEL,
			CAP_OP_WAKE,    CAP_OP_SIGNAL,         CAP_OP_WAIT};
		struct cap_sqe sqe = {.op = operations[round % sizeof(operations)], .target = an_id(round)};

		memset(b.arena, 0, 256);
		switch (sqe.op) {
		case CAP_OP_CALL:
			sqe.interface_id = round % 2 ? TIMER_INTERFACE_ID : CAPABILITY_MANAGER_INTERFACE_ID;
			sqe.method = (uint16_t)(round % 8);
			sqe.msg_len = 8;
			sqe.buf_off = 256;
			sqe.buf_len = 1024;
			sqe.buf_caps = (uint16_t)(round % 3);
			break;
		case CAP_OP_RECV:
			sqe.buf_off = 256;
			sqe.buf_len = 4096;
			sqe.buf_caps = 4;
			break;
		case CAP_OP_RETURN:
			sqe.msg_len = 8;
			break;
		case CAP_OP_RETURN_RECV:
			sqe.msg_len = 8;
			sqe.interface_id = an_id(round + 1);
			sqe.buf_off = 256;
			sqe.buf_len = 4096;
			sqe.buf_caps = 4;
			break;
		case CAP_OP_SIGNAL:
		case CAP_OP_WAIT:
			sqe.interface_id = dice();
			break;
		case CAP_OP_CANCEL:
			sqe.target |=
				1ull
				<< 40; /* its own past submissions answer TOO_LATE, which is harmless, too */
			break;
		default:
			break;
		}
		if (!is_harmless(&b, sqe))
			return 10 + sqe.op;
		/* The same as an answer of a call that never was. */
		if (sqe.op == CAP_OP_CALL || sqe.op == CAP_OP_DUP || sqe.op == CAP_OP_RELEASE) {
			sqe.flags = CAP_SQE_TARGET_IS_ANSWER;
			sqe.path = CAP_PATH_ROOT;
			if (!is_harmless(&b, sqe))
				return 40 + sqe.op;
		}
	}
	return 0;
}

void test_stranger(void)
{
	struct child_options options = {.arguments = {"stranger"}};
	struct child_counts before = child_counts();
	struct spawn_exit e = child_run("test-hostile", &options);

	tap_ok(e.reason == FAULT(EXIT) && e.code == 0,
	       "the Unprivileged Stranger: nothing happens (%u, %lld)", e.reason, (long long)e.code);
	tap_ok(child_counts_return(&before), "and no count has changed");
}
