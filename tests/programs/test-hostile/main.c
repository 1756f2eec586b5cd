// SPDX-License-Identifier: MIT OR Apache-2.0
/* Processes that mean harm. After each, everything is as before, and nobody else has noticed. */
#include "hostile.h"

struct world w;

struct bare bare_start(void)
{
	struct cap_region *r = runtime_ring()->region;

	return (struct bare){
		.region = r,
		.sq = (struct cap_sqe *)(void *)((uint8_t *)r + r->sq_off),
		.cq = (struct cap_cqe *)(void *)((uint8_t *)r + r->cq_off),
		.arena = (uint8_t *)r + r->arena_off,
		.sq_count = r->sq_count,
		.cq_count = r->cq_count,
		.arena_len = r->arena_len,
		.tail = r->sq_tail,
		.reaped = r->cq_head,
	};
}

void bare_push(struct bare *b, struct cap_sqe sqe)
{
	b->sq[b->tail++ & (b->sq_count - 1)] = sqe;
	__atomic_store_n(&b->region->sq_tail, b->tail, __ATOMIC_RELEASE);
}

void bare_enter(struct bare *b, uint64_t min, uint64_t deadline_ns)
{
	struct cap_enter_result r = runtime_cap_enter(min, deadline_ns);

	if (r.consumed > 0)
		b->accepted += (uint64_t)r.consumed;
}

bool bare_reap(struct bare *b, struct cap_cqe *cqe)
{
	if (__atomic_load_n(&b->region->cq_tail, __ATOMIC_ACQUIRE) == b->reaped)
		return false;
	*cqe = b->cq[b->reaped & (b->cq_count - 1)];
	__atomic_store_n(&b->region->cq_head, ++b->reaped, __ATOMIC_RELEASE);
	b->completed++;
	return true;
}

int32_t bare_do(struct bare *b, struct cap_sqe sqe, struct cap_cqe *cqe)
{
	uint64_t end = runtime_now() + 1000 * MS;

	bare_push(b, sqe);
	do {
		bare_enter(b, 1, end);
		while (bare_reap(b, cqe))
			if (cqe->user_data == sqe.user_data)
				return cqe->status;
	} while (runtime_now() < end);
	return 1000;
}

uint64_t dice(void)
{
	static _Thread_local uint64_t state = 0x2545f4914f6cdd1d;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int run_child(void)
{
	static const struct {
		const struct victim *table;
		const uint32_t *count;
	} tables[] = {{ring_victims, &ring_victim_count},
		      {field_victims, &field_victim_count},
		      {race_victims, &race_victim_count},
		      {quota_victims, &quota_victim_count}};

	for (unsigned i = 0; i < 4; i++) {
		int code = victim_main(tables[i].table, *tables[i].count);

		if (code != 97)
			return code;
	}
	if (msg_text_equal(runtime_argument(0), MSG_TEXT("stranger")))
		return stranger();
	return waits_to_be_killed();
}

int main(void)
{
	w = (struct world){.t = runtime_transport()};
	(void)!runtime_cap("timer", TIMER_INTERFACE_ID, &w.timer);
	(void)!runtime_cap("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &w.manager);
	(void)!runtime_cap("virtualMemory", VIRTUAL_MEMORY_INTERFACE_ID, &w.space);
	(void)!runtime_cap("processSpawner", PROCESS_SPAWNER_INTERFACE_ID, &w.spawner);
	(void)!runtime_cap("threadSpawner", 0, &w.threads);
	(void)!runtime_cap("systemInfo", 0, &w.info);
	/* The ring client no longer knows its ring: the end is bare, too. */
	if (runtime_argument_count() > 0)
		runtime_cap_exit(run_child(), CAP_EXIT_PROCESS);
	tap_start();
	child_start_up();

	struct spawn_grant grants[] = {child_grant("console"),
				       child_grant("timer"),
				       child_grant("capabilityManager"),
				       child_grant("processSpawner"),
				       child_grant("threadSpawner"),
				       child_grant("systemInfo"),
				       child_grant_space()};
	victim_tests("test-hostile", ring_victims, ring_victim_count, grants, 7);
	victim_tests("test-hostile", field_victims, field_victim_count, grants, 7);
	victim_tests("test-hostile", race_victims, race_victim_count, grants, 7);
	victim_tests("test-hostile", quota_victims, quota_victim_count, grants, 7);
	test_stranger();
	test_kills();
	return tap_end();
}
