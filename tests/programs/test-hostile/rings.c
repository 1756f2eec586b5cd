// SPDX-License-Identifier: MIT OR Apache-2.0
/* Shared indexes and the region's header: what the kernel must read once, check, and never believe again. */
#include "hostile.h"

/* Impossible tails and heads end the process that wrote them. */
static int tail_ahead(uint32_t by)
{
	struct bare b = bare_start();

	__atomic_store_n(&b.region->sq_tail, b.tail + by, __ATOMIC_RELEASE);
	bare_enter(&b, 0, 0);
	return 1;
}

static int tail_one_too_many(void)
{
	struct bare b = bare_start();

	return tail_ahead(b.sq_count + 1);
}

static int tail_half_way_round(void)
{
	return tail_ahead(1u << 31);
}

static int tail_backwards(void)
{
	return tail_ahead(UINT32_MAX);
}

static int head_ahead(uint32_t by)
{
	struct bare b = bare_start();

	__atomic_store_n(&b.region->cq_head, b.reaped + by, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 3; i++) {
		bare_push(&b, (struct cap_sqe){.op = CAP_OP_NOP});
		bare_enter(&b, 0, 0);
	}
	return 0;
}

static int head_one_ahead(void)
{
	return head_ahead(1);
}

static int head_half_way_round(void)
{
	return head_ahead(1u << 31);
}

static int head_backwards(void)
{
	struct bare b = bare_start();

	return head_ahead(0u - b.cq_count - 1);
}

/* As many as fit is not too many. */
static int tail_full(void)
{
	struct bare b = bare_start();
	struct cap_cqe cqe;

	for (uint32_t i = 0; i < b.sq_count; i++)
		bare_push(&b, (struct cap_sqe){.op = CAP_OP_NOP, .user_data = i});
	bare_enter(&b, 0, 0);
	for (uint32_t i = 0; i < b.sq_count; i++)
		if (!bare_reap(&b, &cqe) || cqe.status != STATUS_OK || cqe.user_data != i)
			return 1;
	return bare_reap(&b, &cqe) ? 2 : 0;
}

/* All that the kernel wrote there is scribbled over, and it goes on as before. */
static int scribbles_header(void)
{
	struct bare b = bare_start();
	struct cap_cqe cqe;

	memset(&b.region->magic, 0xff, offsetof(struct cap_region, sq_tail));
	b.region->sq_head = 0xdeadbeef;
	memset(&b.region->clock, 0xff, sizeof(b.region->clock));
	for (unsigned i = 0; i < 100; i++) {
		bare_push(&b, (struct cap_sqe){.op = CAP_OP_NOP, .user_data = i});
		__atomic_store_n(&b.region->cq_tail, 0xfffffff0, __ATOMIC_RELEASE);
		bare_enter(&b, 1, 0);
		if (!bare_reap(&b, &cqe) || cqe.user_data != i || cqe.status != STATUS_OK)
			return 1;
	}
	return 0;
}

/* Everything in the region but what would end it: random bytes, again and again. */
static int scribbles_everywhere(void)
{
	struct bare b = bare_start();
	struct cap_cqe cqe;

	for (unsigned round = 0; round < 300; round++) {
		uint64_t *words = (uint64_t *)(void *)b.sq;

		for (unsigned i = 0; i < b.sq_count * sizeof(struct cap_sqe) / 8; i++)
			words[i] = dice();
		words = (uint64_t *)(void *)b.arena;
		for (unsigned i = 0; i < b.arena_len / 8; i++)
			words[i] = dice();
		b.tail += 8;
		__atomic_store_n(&b.region->sq_tail, b.tail, __ATOMIC_RELEASE);
		bare_enter(&b, 0, 0);
		while (bare_reap(&b, &cqe))
			;
	}
	return b.completed > 0 ? 0 : 1;
}

/* Random entries with an operation that exists, so that more of them get further. */
static int plausible_noise(void)
{
	struct bare b = bare_start();
	struct cap_cqe cqe;

	for (unsigned round = 0; round < 5000; round++) {
		struct cap_sqe sqe = {
			.op = (uint8_t)(dice() % CAP_OP_COUNT),
			.method = (uint16_t)(dice() % 8),
			.target = cap_id_make((uint32_t)(dice() % 12), 1).raw,
			.interface_id = dice() % 2 ? TIMER_INTERFACE_ID : CAPABILITY_MANAGER_INTERFACE_ID,
			.msg_off = (uint32_t)(dice() % 64) * 8,
			.msg_len = (uint32_t)(dice() % 8) * 8,
			.buf_off = 1024 + (uint32_t)(dice() % 64) * 8,
			.buf_len = 256 + (uint32_t)(dice() % 64) * 8,
			.buf_caps = (uint16_t)(dice() % 4),
			.deadline_ns = 1,
		};
		/* Not RELEASE of what this program lives on. */
		if (sqe.op == CAP_OP_RELEASE)
			sqe.target += 100;
		for (unsigned i = 0; i < 64; i++)
			((uint64_t *)(void *)b.arena)[i] = dice() & 0x00ff000000ff;
		bare_push(&b, sqe);
		bare_enter(&b, 0, 0);
		while (bare_reap(&b, &cqe))
			;
	}
	return b.completed > 1000 ? 0 : 1;
}

const struct victim ring_victims[] = {
	{"fills its queue to the brim", tail_full, FAULT(EXIT), 0, 0, {}},
	{"claims one submission more than fits", tail_one_too_many, FAULT(PROTOCOL), 0, 0, {}},
	{"claims 2^31 submissions", tail_half_way_round, FAULT(PROTOCOL), 0, 0, {}},
	{"takes a submission back", tail_backwards, FAULT(PROTOCOL), 0, 0, {}},
	/*
	 * The kernel looks at this index only when it needs room: until then it is its writer's loss alone.
	 */
	{"reaps one completion that never came", head_one_ahead, FAULT(PROTOCOL), 0, FAULT(EXIT), {}},
	{"reaps 2^31 completions", head_half_way_round, FAULT(PROTOCOL), 0, FAULT(EXIT), {}},
	{"takes its reaping back", head_backwards, FAULT(PROTOCOL), 0, FAULT(EXIT), {}},
	{"scribbles over all that the kernel wrote", scribbles_header, FAULT(EXIT), 0, 0, {}},
	{"fills queue and arena with noise", scribbles_everywhere, FAULT(EXIT), 0, 0, {}},
	{"submits plausible noise", plausible_noise, FAULT(EXIT), 0, FAULT(PAGE_FAULT), {}},
};
const uint32_t ring_victim_count = sizeof(ring_victims) / sizeof(ring_victims[0]);
