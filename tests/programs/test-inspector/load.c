// SPDX-License-Identifier: MIT OR Apache-2.0
/* Reading the graph while it changes: children that fill and empty their tables, start, and are killed. */
#include <schema/kernel/timer.capnp.h>

#include "inspector.h"

/* Fills and empties its table for ever. */
int child(void)
{
	cap_id copies[100], lent, revoker;

	for (;;) {
		for (unsigned i = 0; i < 100; i++)
			(void)!ring_dup(w.ring, w.manager, &copies[i]);
		if (capability_manager_make_revocable(w.t, w.manager, w.manager, 0, &lent, &revoker) ==
		    STATUS_OK) {
			ring_release(w.ring, revoker);
			ring_release(w.ring, lent);
		}
		for (unsigned i = 0; i < 100; i++)
			ring_release(w.ring, copies[i]);
	}
}

static cap_id start_churn(void)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("capabilityManager")};
	cap_id handle = CAP_ID_NULL;

	(void)!child_start(
		"test-inspector",
		&(struct child_options){.grants = grants, .grant_count = 2, .arguments = {"churn"}}, &handle);
	return handle;
}

/* All processes from 1 on, all their capabilities, and what each hangs on. Gives how many capabilities there were. */
static uint32_t walk(bool *good)
{
	uint32_t seen = 0;

	for (uint32_t pid = 1; pid < w.pid + 200; pid++) {
		enum status status = STATUS_OK;

		for (uint32_t next = 1, slot = 0; next != 0 && status == STATUS_OK; seen++) {
			struct entry e = first_of(pid, next, &next, &status);

			bool fine = (status == STATUS_OK || status == STATUS_EXCEPTION) &&
				    (next == 0 || next > slot) && (e.id == 0 || e.object != 0);

			if (!fine)
				tap_note("process %u: status %d, next %u after %u, id %llx, object %llx", pid,
					 (int)status, next, slot, (unsigned long long)e.id,
					 (unsigned long long)e.object);
			*good &= fine;
			slot = next;
		}
	}
	return seen;
}

void test_load(void)
{
	struct child_counts before = {};
	bool good = true;
	uint32_t seen = 0;

	for (unsigned round = 0; round < 5; round++) {
		cap_id handles[3];

		if (round == 1) /* what is made once and stays is there now */
			before = child_counts();
		for (unsigned i = 0; i < 3; i++)
			handles[i] = start_churn();
		(void)!timer_sleep(w.t, w.timer, 20 * MS);
		seen += walk(&good);
		/* One dies while it is looked at. */
		for (unsigned i = 0; i < 3; i++)
			(void)!spawn_kill(w.t, handles[i], 1);
		seen += walk(&good);
		for (unsigned i = 0; i < 3; i++)
			(void)child_wait(handles[i]);
	}
	tap_ok(good && seen > 100, "the graph of processes that change all the time: %u capabilities", seen);
	tap_ok(child_counts_return(&before), "and it leaves nothing behind");
}
