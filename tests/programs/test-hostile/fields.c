// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Every field of a submission: reserved ones that are not zero, lengths and offsets around every edge,
 * unknown operations.
 */
#include "hostile.h"

static struct cap_sqe plain_call(void)
{
	return (struct cap_sqe){
		.op = CAP_OP_CALL,
		.method = TIMER_NOW,
		.target = w.timer.raw,
		.interface_id = TIMER_INTERFACE_ID,
		.msg_len = 8,
		.buf_off = 1024,
		.buf_len = 256,
		.user_data = 77,
	};
}

/* An empty struct at the start of the arena, so that plain_call works. */
static struct bare begin(void)
{
	struct bare b = bare_start();

	memset(b.arena, 0, 64);
	return b;
}

static int unknown_operations(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;

	for (unsigned op = CAP_OP_COUNT; op < 256; op++)
		if (bare_do(&b, (struct cap_sqe){.op = (uint8_t)op, .user_data = 5}, &cqe) != STATUS_BAD_OP)
			return (int)op;
	return 0;
}

/* Of the last two. */
static bool flag_exists(unsigned flag, unsigned op)
{
	return flag == CAP_SQE_NOTICES ? op == CAP_OP_RECV || op == CAP_OP_RETURN_RECV : op == CAP_OP_CALL;
}

static int unknown_flags(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;

	for (unsigned flag = 6; flag < 8; flag++) {
		for (unsigned op = 0; op < CAP_OP_COUNT; op++)
			if (!flag_exists(1u << flag, op) &&
			    bare_do(&b,
				    (struct cap_sqe){.op = (uint8_t)op,
						     .flags = (uint8_t)(1u << flag),
						     .user_data = 5},
				    &cqe) != STATUS_BAD_OP)
				return (int)op + 1;
	}
	/* Flags that exist, where they mean nothing. */
	for (unsigned flag = 0; flag < 8; flag++)
		if (bare_do(&b,
			    (struct cap_sqe){
				    .op = CAP_OP_NOP, .flags = (uint8_t)(1u << flag), .user_data = 5},
			    &cqe) != STATUS_BAD_OP)
			return 100 + (int)flag;
	return 0;
}

/* Each byte of a NOP but the operation and user_data. */
static int reserved_fields(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;

	for (unsigned at = 1; at < sizeof(struct cap_sqe); at++) {
		struct cap_sqe sqe = {.op = CAP_OP_NOP, .user_data = 5};

		if (at >= offsetof(struct cap_sqe, user_data) && at < offsetof(struct cap_sqe, user_data) + 8)
			continue;
		((uint8_t *)&sqe)[at] = 1;
		if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
			return (int)at;
	}
	return 0;
}

/* Fields that an operation does not use. */
static int unused_fields(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;
	struct cap_sqe sqe;

	sqe = plain_call();
	sqe.path = 1;
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 1;
	sqe = (struct cap_sqe){.op = CAP_OP_DUP, .target = w.timer.raw, .msg_len = 8, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 2;
	sqe = (struct cap_sqe){.op = CAP_OP_RELEASE, .target = 1ull << 40, .method = 1, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 3;
	sqe = (struct cap_sqe){.op = CAP_OP_RELEASE, .target = 1ull << 40, .deadline_ns = 1, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 4;
	sqe = (struct cap_sqe){.op = CAP_OP_CANCEL, .target = 0, .interface_id = 1, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 5;
	sqe = (struct cap_sqe){
		.op = CAP_OP_RECV, .target = w.timer.raw, .buf_len = 4096, .msg_len = 8, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 6;
	sqe = (struct cap_sqe){.op = CAP_OP_WAIT, .target = w.timer.raw, .buf_caps = 1, .user_data = 5};
	if (bare_do(&b, sqe, &cqe) != STATUS_BAD_OP)
		return 7;
	return bare_do(&b, plain_call(), &cqe) == STATUS_OK ? 0 : 8;
}

/*
 * {0, 1, end - 1, end, end + 1, ...} for every pair of offset and length. A call with them either is refused
 * with a transport status, or is what it says: within the arena.
 */
static int edges(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;
	const uint32_t end = b.arena_len;
	const uint32_t values[] = {0,          1,          7,         8,       9,          248,
				   256,        end / 2,    end - 256, end - 9, end - 8,    end - 7,
				   end - 1,    end,        end + 1,   end + 8, 0x7ffffff8, 0x7fffffff,
				   0x80000000, 0xfffffff8, 0xffffffff};
	const unsigned count = sizeof(values) / sizeof(values[0]);

	for (unsigned field = 0; field < 3; field++) {
		for (unsigned i = 0; i < count; i++) {
			for (unsigned k = 0; k < count; k++) {
				struct cap_sqe sqe = plain_call();
				uint64_t reach = (uint64_t)values[i] + values[k];
				bool legal = values[i] % 8 == 0 && values[k] % 8 == 0 && reach <= end;

				memset(b.arena, 0, end);
				if (field == 0) {
					sqe.msg_off = values[i];
					sqe.msg_len = values[k];
				} else if (field == 1) {
					sqe.buf_off = values[i];
					sqe.buf_len = values[k];
					legal = legal && values[k] >= CAP_MIN_RESULT_BUF;
				} else {
					sqe.caps_off = values[i];
					sqe.caps_len = (uint16_t)values[k];
					legal = (uint16_t)values[k] == 0;
				}
				int32_t status = bare_do(&b, sqe, &cqe);
				if (status == 1000)
					return 1;
				if (status == STATUS_OK && (!legal || cqe.len > sqe.buf_len))
					return 2 + (int)field;
			}
		}
	}
	return bare_do(&b, plain_call(), &cqe) == STATUS_OK ? 0 : 9;
}

/* The same for what a RECV offers: it is refused, or waits in vain. */
static int receive_edges(void)
{
	cap_id endpoint;
	struct cap_cqe cqe;

	if (capability_manager_create_endpoint(w.t, w.manager, 64, 1, &endpoint) != STATUS_OK)
		return 1;
	struct bare b = begin();
	const uint32_t end = b.arena_len;
	const uint32_t values[] = {0,          1,          8,         64,        120,        128,
				   136,        end / 2,    end - 136, end - 128, end - 120,  end - 8,
				   end - 1,    end,        end + 1,   end + 8,   0x7ffffff8, 0x7fffffff,
				   0x80000000, 0xfffffff8, 0xffffffff};
	const unsigned count = sizeof(values) / sizeof(values[0]);

	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < count; k++) {
			uint64_t reach = (uint64_t)values[i] + values[k];
			bool legal = values[i] % 8 == 0 && values[k] % 8 == 0 && reach <= end &&
				     values[k] >= 128;
			int32_t status = bare_do(&b,
						 (struct cap_sqe){
							 .op = CAP_OP_RECV,
							 .target = endpoint.raw,
							 .buf_off = values[i],
							 .buf_len = values[k],
							 .buf_caps = 1,
							 .deadline_ns = 1,
							 .user_data = 9,
						 },
						 &cqe);
			if (status == 1000 || status == STATUS_OK || (status == STATUS_TIMED_OUT && !legal))
				return 2;
		}
	}
	return bare_do(&b, plain_call(), &cqe) == STATUS_OK ? 0 : 9;
}

/* More descriptors, more slots for capabilities than there can be. */
static int too_many_capabilities(void)
{
	static const uint16_t counts[] = {17, 18, 255, 256, 32767, 32768, 65535};
	struct bare b = begin();
	struct cap_cqe cqe;

	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct cap_sqe sqe = plain_call();

		sqe.caps_off = 64;
		sqe.caps_len = counts[i];
		if (bare_do(&b, sqe, &cqe) == STATUS_OK)
			return 1;
		sqe = plain_call();
		sqe.buf_caps = counts[i];
		/* How many slots come back is the kernel object's to know: more than it needs is no error. */
		int32_t status = bare_do(&b, sqe, &cqe);
		if (status == 1000 || (status == STATUS_OK && cqe.caps != 0))
			return 10 + (int)i;
	}
	return 0;
}

/* Malformed messages, and well-formed ones of the wrong shape, to every method of what it holds. */
static int malformed_messages(void)
{
	struct bare b = begin();
	struct cap_cqe cqe;
	const struct {
		cap_id cap;
		uint64_t interface_id;
		uint16_t methods;
	} targets[] = {{w.timer, TIMER_INTERFACE_ID, 3}, {w.manager, CAPABILITY_MANAGER_INTERFACE_ID, 8}};

	for (unsigned round = 0; round < 4000; round++) {
		unsigned i = dice() % 2;
		uint64_t *words = (uint64_t *)(void *)b.arena;
		uint32_t len = 1 + dice() % 12;
		struct cap_sqe sqe = plain_call();

		for (unsigned k = 0; k < len; k++) {
			uint64_t r = dice();

			/* Pointers of every kind, near and wild, and plain numbers. */
			words[k] = r % 4 == 0   ? dice()
				   : r % 4 == 1 ? dice() % 16
				   : r % 4 == 2 ? (dice() & 0x0003000300000fffull)
						: 0;
		}
		sqe.target = targets[i].cap.raw;
		sqe.interface_id = targets[i].interface_id;
		sqe.method = (uint16_t)(dice() % (targets[i].methods + 1u));
		/* drop would take what it needs itself. */
		if (i == 1 && sqe.method == CAPABILITY_MANAGER_DROP)
			continue;
		sqe.msg_len = len * 8;
		sqe.buf_caps = 2;
		sqe.deadline_ns = runtime_now() + MS;
		if (bare_do(&b, sqe, &cqe) == 1000)
			return 1;
		for (unsigned c = 0; c < cqe.caps; c++) {
			uint64_t id;

			memcpy(&id, b.arena + sqe.buf_off + ((cqe.len + 7) & ~7u) + c * 8, 8);
			struct cap_cqe ignored;
			(void)bare_do(&b,
				      (struct cap_sqe){.op = CAP_OP_RELEASE, .target = id, .user_data = 6},
				      &ignored);
		}
	}
	return 0;
}

/* Methods and interfaces that do not exist. */
static int unknown_methods(void)
{
	static const uint16_t methods[] = {3, 63, 64, 65, 255, 32767, 65535};
	struct bare b = begin();
	struct cap_cqe cqe;

	for (unsigned i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct cap_sqe sqe = plain_call();

		sqe.method = methods[i];
		if (bare_do(&b, sqe, &cqe) != STATUS_EXCEPTION)
			return 1;
		sqe.interface_id = dice();
		if (bare_do(&b, sqe, &cqe) != STATUS_EXCEPTION)
			return 2;
	}
	return 0;
}

const struct victim field_victims[] = {
	{"submits operations that do not exist", unknown_operations, FAULT(EXIT), 0, 0, {}},
	{"submits flags that do not exist", unknown_flags, FAULT(EXIT), 0, 0, {}},
	{"fills every reserved byte of a NOP", reserved_fields, FAULT(EXIT), 0, 0, {}},
	{"fills fields that an operation does not use", unused_fields, FAULT(EXIT), 0, 0, {}},
	{"goes to every edge of its arena", edges, FAULT(EXIT), 0, 0, {}},
	{"receives at every edge of its arena", receive_edges, FAULT(EXIT), 0, 0, {}},
	{"sends and awaits too many capabilities", too_many_capabilities, FAULT(EXIT), 0, 0, {}},
	{"sends malformed messages", malformed_messages, FAULT(EXIT), 0, 0, {}},
	{"calls methods that do not exist", unknown_methods, FAULT(EXIT), 0, 0, {}},
};
const uint32_t field_victim_count = sizeof(field_victims) / sizeof(field_victims[0]);
