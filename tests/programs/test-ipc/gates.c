// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is moved is gone here; what is lent comes back: MOVE, revocable capabilities, and every way for a
 * handle to be stale.
 */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "ipc.h"

static cap_id duplicate(cap_id id)
{
	cap_id copy = CAP_ID_NULL;

	(void)!ring_dup(w.ring, id, &copy);
	return copy;
}

static enum status use(cap_id timer)
{
	uint64_t ns;

	return timer_now(w.t, timer, &ns);
}

/* ---- MOVE ---- */

static void test_move_call(void)
{
	cap_id gone = duplicate(w.timer);
	struct raw_remote r = {
		.target = w.facet, .caps = 1, .descs = {{.id = gone.raw, .kind = CAP_DESC_MOVE}}};

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	cap_id came = raw_received_cap(&w.raw, 0);
	tap_ok(cqe.status == STATUS_OK && use(came) == STATUS_OK, "MOVE: the receiver can call it");
	tap_is(use(gone), STATUS_BAD_ID, "and the sender no longer");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	ring_release(w.ring, came);
}

/* Whatever fails before delivery leaves it where it was. */
static void test_move_fails(void)
{
	cap_id kept = duplicate(w.timer), less = CAP_ID_NULL;
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	struct cap_sqe sqe = raw_call(&w.raw, w.facet, 0, raw_fill(&w.raw, 0, 0));

	descs[0] = descs[1] = (struct cap_desc){.id = kept.raw, .kind = CAP_DESC_MOVE};
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 1;
	sqe.deadline_ns = runtime_now() + 10 * MS;
	struct cap_cqe cqe = raw_do(&w.raw, sqe);
	tap_ok(cqe.status == STATUS_TIMED_OUT && !(cqe.flags & CAP_CQE_DELIVERED) && use(kept) == STATUS_OK,
	       "a MOVE that was not delivered in time leaves it here");
	sqe.caps_len = 2;
	enum status status = raw_status(&w.raw, sqe);
	tap_ok(status != STATUS_OK && status != STATUS_TIMED_OUT && use(kept) == STATUS_OK,
	       "moving it twice in one message (%s)", tap_status_name(status));
	descs[1].id ^= 1ull << 40;
	tap_is(raw_status(&w.raw, sqe), STATUS_BAD_ID, "a stale id beside it");
	tap_is(use(kept), STATUS_OK, "leaves it here");
	(void)!capability_manager_attenuate(w.t, w.manager, w.facet, RAW_INTERFACE, 2, &less);
	sqe.target = less.raw;
	sqe.caps_len = 1;
	tap_is(raw_status(&w.raw, sqe), STATUS_DENIED, "a method that was removed");
	tap_is(use(kept), STATUS_OK, "leaves it here, too");

	/* Locked while it is on its way. */
	struct raw_remote r = {.target = w.facet,
			       .caps = 1,
			       .descs = {{.id = kept.raw, .kind = CAP_DESC_MOVE}},
			       .deadline_ns = runtime_now() + 100 * MS};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_TIMED_OUT && use(kept) == STATUS_OK,
	       "a queued MOVE that times out unlocks it");
	ring_release(w.ring, less);
	ring_release(w.ring, kept);
}

static void test_move_return(void)
{
	cap_id given = duplicate(w.timer);
	struct raw_remote r = {.target = w.facet, .buf_caps = 1};
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);

	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	struct cap_sqe sqe = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 0, 0));
	descs[0] = descs[1] = (struct cap_desc){.id = given.raw, .kind = CAP_DESC_MOVE};
	descs[1].id = w.timer.raw;
	descs[1].kind = CAP_DESC_COPY;
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 2;
	tap_is(raw_status(&w.raw, sqe), STATUS_TOO_LARGE,
	       "a RETURN with more capabilities than the caller takes");
	tap_is(use(given), STATUS_OK, "moves nothing");
	sqe.caps_len = 1;
	tap_is(raw_status(&w.raw, sqe), STATUS_OK, "RETURN with MOVE");
	tap_is(use(given), STATUS_BAD_ID, "the server no longer has it");
	raw_remote_join(&r);
	tap_is(use((cap_id){r.ids[0]}), STATUS_OK, "the caller has");
	ring_release(w.ring, (cap_id){r.ids[0]});
}

/* ---- Lending ---- */

static cap_id lend(cap_id what, uint64_t expires_ns, cap_id *revoker)
{
	cap_id lent = CAP_ID_NULL;

	*revoker = CAP_ID_NULL;
	(void)!capability_manager_make_revocable(w.t, w.manager, what, expires_ns, &lent, revoker);
	return lent;
}

static void test_revoke(void)
{
	cap_id revoker, lent = lend(w.timer, 0, &revoker), copy = duplicate(lent), less = CAP_ID_NULL;
	uint64_t entries = 0, calls = 0, mappings = 0, expires = 1;
	uint8_t depth = 0;
	bool alive = false;

	(void)!capability_manager_attenuate(w.t, w.manager, lent, TIMER_INTERFACE_ID, 1, &less);
	tap_ok(use(lent) == STATUS_OK && use(copy) == STATUS_OK && use(less) == STATUS_OK,
	       "what is lent works, and its copies");
	tap_ok(revoker_info(w.t, revoker, &alive, &entries, &depth, &expires) == STATUS_OK && alive &&
		       entries == 3 && depth == 1 && expires == 0,
	       "revoker.info counts them (%llu)", (unsigned long long)entries);
	tap_ok(revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK && entries == 3 &&
		       calls == 0 && mappings == 0,
	       "revoker.revoke");
	tap_ok(use(lent) == STATUS_REVOKED && use(copy) == STATUS_REVOKED && use(less) == STATUS_REVOKED,
	       "all of them are REVOKED");
	tap_is(use(w.timer), STATUS_OK, "what was lent from is not");
	tap_ok(revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK &&
		       entries + calls + mappings == 0,
	       "revoking again finds nothing");
	tap_ok(revoker_info(w.t, revoker, &alive, &entries, &depth, &expires) == STATUS_OK && !alive,
	       "revoker.info: dead");
	ring_release(w.ring, lent);
	ring_release(w.ring, copy);
	ring_release(w.ring, less);
	tap_is((enum status)raw_do(&w.raw, (struct cap_sqe){.op = CAP_OP_DUP, .target = lent.raw}).status,
	       STATUS_BAD_ID, "released, it is nothing any more");
	ring_release(w.ring, revoker);
}

static void test_expiry(void)
{
	cap_id revoker, lent;
	struct rpc_call call;
	enum status used;
	uint64_t until, within = 30 * MS;

	for (;; within *= 10) { /* longer on a busy host */
		until = runtime_now() + within;
		lent = lend(w.timer, until, &revoker);
		used = use(lent);
		if (used == STATUS_OK || within > 10'000 * MS)
			break;
		ring_release(w.ring, lent);
		ring_release(w.ring, revoker);
	}
	tap_is(used, STATUS_OK, "lent for some time");
	while (runtime_now() <= until + 10 * MS)
		(void)!timer_sleep(w.t, w.timer, 10 * MS);
	tap_is(use(lent), STATUS_REVOKED, "after that it is REVOKED");
	struct capability_manager_make_revocable_params_builder p = capability_manager_make_revocable_begin(
		&call, w.t, w.manager);
	capability_manager_make_revocable_params_builder_set_capability(p, rpc_add_cap(&call, w.timer));
	capability_manager_make_revocable_params_builder_set_expires_ns(p, 1);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "expiresNs"),
	       "nothing is lent until the past");
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
}

static void test_depth(void)
{
	cap_id revokers[9], lent[9], last = w.timer;
	unsigned depth = 0;

	for (; depth < 9; depth++) {
		lent[depth] = lend(last, 0, &revokers[depth]);
		if (lent[depth].raw == 0)
			break;
		last = lent[depth];
	}
	tap_ok(depth == 8, "eight deep, no deeper (%u)", depth);
	tap_is(use(last), STATUS_OK, "the eighth works");
	uint64_t entries, calls, mappings;
	(void)!revoker_revoke(w.t, revokers[2], &entries, &calls, &mappings);
	tap_ok(use(lent[1]) == STATUS_OK && use(lent[2]) == STATUS_REVOKED && use(last) == STATUS_REVOKED,
	       "revoking the third kills it and those below, not those above");
	for (unsigned i = 0; i < depth; i++) {
		ring_release(w.ring, lent[i]);
		ring_release(w.ring, revokers[i]);
	}
}

/* Calls that are on their way. */
static void test_calls_under_way(void)
{
	cap_id revoker, lent = lend(w.facet, 0, &revoker);
	struct raw_remote queued = {.target = lent}, delivered = {.target = lent};
	uint64_t entries, calls, mappings;

	(void)!raw_remote_start(&delivered);
	struct cap_cqe cqe = receive();
	(void)!raw_remote_start(&queued);
	(void)!timer_sleep(w.t, w.timer, 20 * MS);
	tap_ok(revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK && calls == 2,
	       "two calls wait (%llu)", (unsigned long long)calls);
	raw_remote_join(&queued);
	raw_remote_join(&delivered);
	tap_ok(queued.cqe.status == STATUS_REVOKED && !(queued.cqe.flags & CAP_CQE_DELIVERED),
	       "the queued one: REVOKED");
	tap_ok(delivered.cqe.status == STATUS_REVOKED && (delivered.cqe.flags & CAP_CQE_DELIVERED),
	       "the delivered one: REVOKED, DELIVERED");
	enum status status = answer(cqe.token, 0, 0);
	tap_ok(status == STATUS_OK || status == STATUS_BAD_ID, "its late RETURN harms nobody (%s)",
	       tap_status_name(status));
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
}

/* What comes back through a lent capability is lent, too. */
static void test_obtained(void)
{
	cap_id revoker, lent = lend(w.manager, 0, &revoker), made = CAP_ID_NULL;
	uint64_t taken, entries, calls, mappings;

	tap_is(capability_manager_create_notification(w.t, lent, &made), STATUS_OK,
	       "something made through a lent capability");
	tap_is(notification_poll(w.t, made, 0, &taken), STATUS_OK, "works");
	(void)!revoker_revoke(w.t, revoker, &entries, &calls, &mappings);
	tap_is(notification_poll(w.t, made, 0, &taken), STATUS_REVOKED, "until that is revoked");
	ring_release(w.ring, made);
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
}

/* A mapping of lent memory goes with it. */
static void test_mapping(void)
{
	cap_id memory = CAP_ID_NULL, revoker, lent;
	uint64_t address = 0, again = 0, entries, calls, mappings = 0;

	(void)!virtual_memory_create_memory(w.t, w.space, 8192, &memory);
	lent = lend(memory, 0, &revoker);
	tap_is(virtual_memory_map(w.t, w.space, lent, 0, 8192, 0, VIRTUAL_MEMORY_PROTECTION_READ_WRITE,
				  &address),
	       STATUS_OK, "lent memory is mapped");
	*(volatile uint64_t *)address = 5;
	tap_ok(revoker_revoke(w.t, revoker, &entries, &calls, &mappings) == STATUS_OK && mappings == 1,
	       "revoking unmaps it (%llu)", (unsigned long long)mappings);
	tap_ok(virtual_memory_allocate(w.t, w.space, 8192, address, &again) == STATUS_OK &&
		       again == address && *(volatile uint64_t *)address == 0,
	       "the place is free for others");
	(void)!virtual_memory_unmap(w.t, w.space, address, 8192);
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);

	/* More often than there may be kernel objects: what is kept for a mapping goes with it. */
	lent = lend(memory, 0, &revoker);
	unsigned done = 0;
	for (; done < 6000; done++)
		if (virtual_memory_map(w.t, w.space, lent, 0, 8192, address, VIRTUAL_MEMORY_PROTECTION_READ,
				       &again) != STATUS_OK ||
		    virtual_memory_unmap(w.t, w.space, again, 8192) != STATUS_OK)
			break;
	tap_ok(done == 6000, "lent memory is mapped and unmapped again and again (%u)", done);
	ring_release(w.ring, lent);
	ring_release(w.ring, revoker);
	ring_release(w.ring, memory);
}

void test_gates(void)
{
	/* Twice, so that what is cached the first time is not counted. */
	for (unsigned round = 0; round < 2; round++) {
		struct child_counts before;

		(void)!timer_sleep(w.t, w.timer, 50 * MS); /* threads of what came before are gone */
		before = child_counts();
		test_move_call();
		test_move_fails();
		test_move_return();
		test_revoke();
		test_expiry();
		test_depth();
		test_calls_under_way();
		test_obtained();
		test_mapping();
		if (round == 1)
			tap_ok(child_counts_return(&before), "counts return to the baseline");
	}
}
