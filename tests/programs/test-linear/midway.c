// SPDX-License-Identifier: MIT OR Apache-2.0
/* The batch is a bit of a word for each submission; half of them want a completion, the others only if they are refused. */
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <testing/tap.h>

#include "midway.h"

#define BATCH 24u
#define NOBODY BATCH
#define ROUNDS 3000u
#define ENOUGH 20u /* batches that a revocation has cut in two */
#define LONGEST_NS 30000000000ull

struct entry {
	struct ring_op op;
	unsigned completions;
	enum status status;
};

static cap_id bell, lent, revoker;
static uint32_t begun; /* rounds; atomic */
static uint32_t over;  /* rounds whose gate has been revoked; atomic */
static bool stop;      /* atomic */

static void note(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct entry *e = (struct entry *)(void *)op;

	e->completions++;
	e->status = (enum status)cqe->status;
}

static bool is_quiet(unsigned i)
{
	return i % 3 == 1;
}

/* Gives the bits that were set. */
static uint64_t run_batch(struct entry *entries, unsigned revokes_at, struct rpc_call *revocation)
{
	struct ring_client *ring = runtime_ring();
	uint64_t taken = 0;
	bool more = true;

	for (unsigned i = 0; i < BATCH; i++) {
		entries[i] = (struct entry){.op.complete = note};
		if (i == revokes_at) {
			(void)revoker_revoke_begin(revocation, &ring->transport, revoker);
			(void)rpc_send(revocation);
			continue;
		}
		ring_submit(ring,
			    &(struct cap_sqe){.op = CAP_OP_SIGNAL,
					      .flags = is_quiet(i) ? CAP_SQE_QUIET : 0,
					      .target = lent.raw,
					      .interface_id = 1ull << i},
			    &entries[i].op);
	}
	ring_flush(ring);
	while (more) {
		more = revokes_at != NOBODY && !revocation->done;
		for (unsigned i = 0; i < BATCH; i++)
			more |= i != revokes_at && !is_quiet(i) && entries[i].completions == 0;
		if (more)
			ring_wait(ring, 0);
	}
	if (notification_poll(&ring->transport, bell, 0, &taken) != STATUS_OK)
		return UINT64_MAX;
	return taken;
}

/* dead: none may get through. *cut: some did, and then some did not. */
static bool batch_is_good(const struct entry *entries, uint64_t bits, unsigned revokes_at, bool dead,
			  bool *cut)
{
	bool good = bits != UINT64_MAX;

	*cut = false;
	for (unsigned i = 0; i < BATCH; i++) {
		const struct entry *e = &entries[i];
		bool refused = e->completions == 1 && e->status == STATUS_REVOKED;
		bool done = is_quiet(i) ? e->completions == 0 : e->completions == 1 && e->status == STATUS_OK;

		if (i == revokes_at) {
			dead = true;
			continue;
		}
		good &= refused != done && (bits >> i & 1) == done && (!dead || refused);
		*cut |= refused && !dead && i > 0 && bits != 0;
		dead |= refused;
	}
	return good;
}

static int64_t revokes(void *)
{
	uint64_t entries, calls, mappings, seed = 88172645463325252ull;

	for (uint32_t round = 1; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE);) {
		if (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) != round) {
			__asm__ volatile("pause");
			continue;
		}
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		for (uint64_t i = 0; i < seed % 600; i++)
			__asm__ volatile("pause");
		if (revoker_revoke(runtime_transport(), revoker, &entries, &calls, &mappings) != STATUS_OK)
			return 1;
		__atomic_store_n(&over, round++, __ATOMIC_RELEASE);
	}
	return 0;
}

static bool lend(cap_id manager)
{
	return capability_manager_make_revocable(runtime_transport(), manager, bell, 0, &lent, &revoker) ==
	       STATUS_OK;
}

static void drop(void)
{
	ring_release(runtime_ring(), lent);
	ring_release(runtime_ring(), revoker);
}

static void test_other_thread(cap_id manager)
{
	static struct entry entries[BATCH];
	uint64_t until = runtime_now() + LONGEST_NS;
	unsigned cuts = 0, batches = 0;
	bool good = true, cut;
	struct thread thread;
	uint32_t round = 0;
	int64_t code = 1;

	good = thread_start(&thread, revokes, nullptr, nullptr) == STATUS_OK;
	while (good && round < ROUNDS && cuts < ENOUGH && runtime_now() < until) {
		bool dead = false;

		good = lend(manager);
		__atomic_store_n(&begun, ++round, __ATOMIC_RELEASE);
		for (; good && !dead; batches++) {
			dead = __atomic_load_n(&over, __ATOMIC_ACQUIRE) == round;
			good = batch_is_good(entries, run_batch(entries, NOBODY, nullptr), NOBODY, dead,
					     &cut);
			cuts += cut;
		}
		drop();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	(void)!thread_join(&thread, &code);
	tap_note("%u rounds, %u batches, %u cut in two", round, batches, cuts);
	tap_ok(good && code == 0,
	       "revoked by another thread, a batch is done up to one of it, and no further: each completes once");
	tap_ok(cuts > 0, "and it was revoked in the middle of some");
}

static void test_itself(cap_id manager)
{
	static struct entry entries[BATCH];
	struct rpc_call revocation;
	bool good = true, cut;

	for (unsigned at = 0; at < BATCH && good; at++) {
		good = lend(manager);
		good &= batch_is_good(entries, run_batch(entries, at, &revocation), at, false, &cut) &&
			!cut && revocation.status == STATUS_OK;
		rpc_end(&revocation);
		drop();
	}
	tap_ok(good, "revoked by one of the batch itself, what is before it is done, and nothing behind it");
}

void test_midway(cap_id manager)
{
	tap_is(capability_manager_create_notification(runtime_transport(), manager, &bell), STATUS_OK,
	       "a word to be signalled through a gate");
	test_itself(manager);
	test_other_thread(manager);
	ring_release(runtime_ring(), bell);
	ring_flush(runtime_ring());
}
