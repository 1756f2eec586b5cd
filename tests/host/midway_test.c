// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A gate that is revoked in the middle of a batch: an entry with several submissions through one gate, and between two of them another
 * thread revokes it, or a submission of the batch itself does.
 *
 * Whatever the schedule: each submission completes once. What the kernel does itself (signals, those without a completion too, and calls
 * of its objects) was done up to one of them, and from then on none is; what says OK has happened, what says REVOKED has not. Calls to a server that were waiting end with the gate; those behind
 * the revocation never get there. (In one schedule of eight it comes between two signals of a batch.)
 */
#include "scenario.h"

#include <cap/gate.h>
#include <object/object.h>
#include <ring/revoke.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#define BATCH 10u
#define NOBODY BATCH /* no submission of the batch revokes */
#define MESSAGE 64u
#define LAST_BIT 63u
#define POLL_AT 512u /* a struct of one word: takes a bit that nobody sets */
#define RESULT_AT(i) (1024u + (i) * 256u)

enum kind : uint8_t { SIGNALS, QUIET_SIGNALS, POLLS, CALLS, REVOKES };

static struct process *client, *server;
static struct gate *gate;
static cap_id bell, lent_bell, lent_server, revoker, server_end; /* bell, lent and revoker: the client's */
static unsigned revokes_at, finished, served;
static bool revoked; /* a revocation has returned */

static void begin(unsigned cpu_total)
{
	struct notification *notification;
	struct endpoint *endpoint;

	scenario_begin(cpu_total);
	client = scenario_process("client");
	server = scenario_process("server");
	endpoint = scenario_endpoint(server, MESSAGE, 0);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	explore_check(notification_create(client, &notification) == STATUS_OK);
	explore_check(gate_create(client, NULL, NULL, &gate) == STATUS_OK);
	bell = scenario_give(client, scenario_full(&notification->object));
	gate_get(gate);
	lent_bell = scenario_lend(client, scenario_full(&notification->object), gate);
	gate_get(gate);
	lent_server = scenario_lend(client, scenario_facet(endpoint, 1), gate);
	revoker = scenario_give(client, scenario_full(&gate->object));
	object_put(&notification->object);
	object_put(&endpoint->object);
	finished = served = 0;
	revoked = false;
	revokes_at = NOBODY;
}

static void end(void)
{
	gate_put(gate);
	scenario_end();
}

/* --- the batch ------------------------------------------------------------------------------------------------------- */

struct batch {
	enum kind kinds[BATCH];
	int32_t status[BATCH];
	unsigned completions[BATCH];
	uint64_t calls_ended; /* as the revocation in it counted them */
};

static struct cap_sqe signal_of(cap_id id, unsigned bit)
{
	return (struct cap_sqe){.op = CAP_OP_SIGNAL, .target = id.raw, .interface_id = 1ull << bit};
}

static void submit(struct user_ring *ring, struct batch *b, unsigned i)
{
	struct cap_sqe sqe = {.op = CAP_OP_CALL, .msg_len = 16, .buf_off = RESULT_AT(i), .buf_len = 256};

	b->kinds[i] = i == revokes_at ? REVOKES : (enum kind)(host_random() % REVOKES);
	if (b->kinds[i] == SIGNALS || b->kinds[i] == QUIET_SIGNALS) {
		sqe = signal_of(lent_bell, i);
		sqe.flags = b->kinds[i] == QUIET_SIGNALS ? CAP_SQE_QUIET : 0;
	} else if (b->kinds[i] == POLLS) {
		sqe.target = lent_bell.raw;
		sqe.interface_id = NOTIFICATION_INTERFACE_ID;
		sqe.method = NOTIFICATION_POLL;
		sqe.msg_off = POLL_AT;
	} else if (b->kinds[i] == CALLS) {
		sqe.target = lent_server.raw;
		sqe.interface_id = SCENARIO_INTERFACE;
	} else {
		sqe.target = revoker.raw;
		sqe.interface_id = REVOKER_INTERFACE_ID;
		sqe.method = REVOKER_REVOKE;
	}
	sqe.user_data = i;
	(void)user_submit(ring, &sqe);
}

static void note(const struct user_ring *ring, struct batch *b, const struct cap_cqe *cqe)
{
	uint64_t i = cqe->user_data;

	explore_check(i < BATCH);
	b->completions[i]++;
	b->status[i] = cqe->status;
	if (b->kinds[i] == REVOKES && cqe->status == STATUS_OK)
		b->calls_ended = user_arena_word((struct user_ring *)ring, RESULT_AT((unsigned)i) + 16);
}

/* All in one entry; reaps until each that must has completed, and what else has. */
static void run_batch(struct user_ring *ring, struct batch *b)
{
	struct cap_cqe cqe;
	unsigned left = 0, done = 0;

	*b = (struct batch){0};
	user_arena_write(ring, POLL_AT, (const uint64_t[]){1ull << 32, 1ull << 62}, 16);
	for (unsigned i = 0; i < BATCH; i++) {
		submit(ring, b, i);
		left += b->kinds[i] != QUIET_SIGNALS;
	}
	(void)user_enter(ring, 0, 0);
	while (done < left) {
		cqe = user_wait(ring);
		note(ring, b, &cqe);
		done += b->kinds[cqe.user_data] != QUIET_SIGNALS;
	}
	(void)user_enter(ring, 0, 0);
	while (user_reap(ring, &cqe))
		note(ring, b, &cqe);
}

/* Bits that were set; one more is set without the gate, so that there is always something to take. */
static uint64_t take_bits(struct user_ring *ring)
{
	struct cap_sqe all = signal_of(bell, LAST_BIT);

	explore_check(user_do(ring, &all).status == STATUS_OK);
	struct cap_cqe cqe = user_do(
		ring, &(struct cap_sqe){.op = CAP_OP_WAIT, .target = bell.raw, .interface_id = ~0ull});
	explore_check(cqe.status == STATUS_OK);
	return cqe.token & ~(1ull << LAST_BIT);
}

/* Gives how many calls were answered. */
static unsigned check_batch(const struct batch *b, uint64_t bits, bool dead)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < BATCH; i++) {
		int32_t status = b->status[i];

		/* Of a quiet one a completion says that it was refused. */
		explore_check(b->completions[i] == 1 ||
			      (b->kinds[i] == QUIET_SIGNALS && b->completions[i] == 0));
		if (b->kinds[i] == REVOKES) {
			explore_check(status == STATUS_OK);
			dead = true;
			continue;
		}
		explore_check(status == STATUS_OK || status == STATUS_REVOKED);
		explore_check(!dead || status == STATUS_REVOKED);
		if (b->kinds[i] == CALLS) {
			answered += status == STATUS_OK;
			continue;
		}
		dead |= status == STATUS_REVOKED;
		explore_check(b->kinds[i] == POLLS || (bits >> i & 1) == (status == STATUS_OK));
		explore_check(b->kinds[i] != QUIET_SIGNALS ||
			      (status == STATUS_OK) == (b->completions[i] == 0));
	}
	return answered;
}

/* --- another thread revokes ------------------------------------------------------------------------------------------- */

static unsigned answered;

static void uses(uint64_t region)
{
	struct user_ring ring;
	struct batch b;

	user_ring_open(&ring, region);
	for (bool dead = false; !dead;) {
		dead = load_acquire(&revoked); /* then none of this batch may get through */
		run_batch(&ring, &b);
		answered += check_batch(&b, take_bits(&ring), dead);
	}
	(void)atomic_add(&finished, 1u);
}

static void revokes(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	(void)user_enter(&ring, 1, host_now_ns() + host_random() % 60000);
	explore_check(user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
						       .method = REVOKER_REVOKE,
						       .target = revoker.raw,
						       .interface_id = REVOKER_INTERFACE_ID,
						       .msg_len = 16,
						       .buf_off = RESULT_AT(0),
						       .buf_len = 256})
			      .status == STATUS_OK);
	store_release(&revoked, true);
	(void)atomic_add(&finished, 1u);
}

static void echoes(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (;;) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = 1024,
								      .buf_len = 56 + MESSAGE});
		explore_check(cqe.status == STATUS_OK);
		(void)atomic_add(&served, 1u);
		cqe = user_do(&ring,
			      &(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 16});
		explore_check(cqe.status == STATUS_OK);
	}
}

EXPLORE_TEST(a_gate_is_revoked_by_another_thread_between_two_of_a_batch, 3000)
{
	begin(2 + (unsigned)(host_random() % 2));
	answered = 0;
	scenario_thread(client, uses, 0);
	scenario_thread(client, revokes, 0);
	scenario_thread(server, echoes, 0);
	scenario_run();
	explore_check(finished == 2 && answered <= served);
	end();
}

/* --- a submission of the batch revokes ---------------------------------------------------------------------------------- */

static void revokes_midway(uint64_t region)
{
	unsigned before = 0;
	struct user_ring ring;
	struct batch b;

	user_ring_open(&ring, region);
	run_batch(&ring, &b);
	answered = check_batch(&b, take_bits(&ring), false);
	for (unsigned i = 0; i < revokes_at; i++) {
		before += b.kinds[i] == CALLS;
		/* Nobody else revokes: all that the kernel does was done before. */
		explore_check(b.kinds[i] == CALLS || b.status[i] == STATUS_OK);
	}
	explore_check(answered + b.calls_ended <= before);
	/* Without a server each of them was waiting. */
	explore_check(ring.thread_arg != 0 || (answered == 0 && b.calls_ended == before));
	(void)atomic_add(&finished, 1u);
}

EXPLORE_TEST(a_gate_is_revoked_by_one_of_a_batch, 2000)
{
	bool serves = host_random() % 2;

	begin(1 + (unsigned)(host_random() % 3));
	revokes_at = (unsigned)(host_random() % BATCH);
	scenario_thread(client, revokes_midway, serves);
	if (serves)
		scenario_thread(server, echoes, 0);
	scenario_run();
	explore_check(finished == 1 && answered <= served);
	end();
}

EXPLORE_MAIN
