// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Tokens are easily guessed: the next one that a record will have is known to who had the last one. A thread that returns it before there
 * is such a call, and while it is being delivered to a sibling, returns that call as it is, or nothing: how much may go back, through
 * which gate, and which slots are left, is not what was so of the call before. Every schedule with one preemption of the guess.
 */
#include "meet.h"

#include <cap/gate.h>

static struct process *client, *server;
static struct endpoint *endpoint;
static struct gate *gate;
static cap_id end, template;      /* the server's */
static cap_id facet, lent, spare; /* the client's */
static struct {
	uint16_t mints;    /* what is guessed has a facet minted for the caller, like the answers before */
	uint32_t bytes;    /* and is so long */
	bool waits;        /* in an entry of its own */
	uint32_t room;     /* that the call has for it */
	bool through_gate; /* and this is about the call, too */
	uint16_t carries;
} row;
static uint64_t token;
static unsigned finished;

/* --- the server's threads ---------------------------------------------------------------------------------------------- */

static void guesses(struct user_ring *ring)
{
	struct cap_sqe sqe = receive(end);
	struct cap_cqe cqe = user_do(ring, &sqe);

	describe(ring, template, CAP_DESC_MINT);
	for (unsigned i = 0; i < 2; i++) { /* the words are known then */
		sqe = answer_and_receive(cqe.token, end, row.bytes, row.mints);
		cqe = user_do(ring, &sqe);
	}
	token = cqe.token;
	sqe = answer_and_receive(token + (1ull << 32), end, row.bytes, row.mints);
	meet_first(ring); /* the sibling has returned that, and receives in its record */
	host_exhaust_pause(false);
	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, row.waits, 0);
	host_exhaust_pause(true);
	cqe = user_wait(ring);
	if (cqe.status == STATUS_OK) { /* it was right, and this is the call behind it */
		sqe = answer(cqe.token, 0);
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
	} else {
		explore_check(cqe.status == STATUS_BAD_ID || cqe.status == STATUS_TOO_LARGE);
	}
}

static void receives_in_its_record(struct user_ring *ring)
{
	meet_agreed(ring);
	struct cap_sqe sqe = answer_and_receive(token, end, 16, 0);
	struct cap_cqe cqe = user_do(ring, &sqe);
	explore_check(cqe.status == STATUS_OK);
	sleep_until(ring, host_now_ns() + 100000); /* the guess is first, if it is right */
	sqe = answer_and_receive(cqe.token, end, 16, 0);
	cqe = user_do(ring, &sqe);
	explore_check(cqe.status == STATUS_OK || cqe.status == STATUS_BAD_ID);
	if (cqe.status == STATUS_OK) { /* it was wrong */
		sqe = answer(cqe.token, 0);
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
	}
}

/* --- the client --------------------------------------------------------------------------------------------------------- */

/* What was minted for a call through a gate hangs on that gate. */
static void check_result(struct user_ring *ring, struct cap_cqe cqe)
{
	struct cap_ref ref;

	explore_check(cqe.status == STATUS_OK && cqe.len <= row.room);
	if (cqe.caps == 0)
		return;
	cap_id id = {user_arena_word(ring, RESULT_AT + cqe.len)};
	explore_check(cap_table_find(&client->table, id, &ref) == STATUS_OK);
	explore_check(ref.gate == (row.through_gate ? gate : NULL));
}

static void calls(struct user_ring *ring)
{
	struct cap_sqe sqe = call(facet);

	sqe.buf_len = 2 * RESULT_AT;
	for (unsigned i = 0; i < 3; i++)
		explore_check(user_do(ring, &sqe).status == STATUS_OK);
	describe(ring, spare, CAP_DESC_COPY);
	sqe.target = row.through_gate ? lent.raw : facet.raw;
	sqe.caps_len = row.carries;
	sqe.buf_len = row.room;
	meet_then(ring);
	for (unsigned i = 0; i < 2; i++)
		check_result(ring, user_do(ring, &sqe));
}

/* --- all of them -------------------------------------------------------------------------------------------------------- */

static void program(uint64_t region)
{
	static void (*const does[])(struct user_ring *) = {guesses, receives_in_its_record, calls};
	struct user_ring ring;

	user_ring_open(&ring, region);
	does[ring.thread_arg](&ring);
	(void)atomic_add(&finished, 1u);
}

static void pause_first(void)
{
	host_exhaust_pause(true);
}

static struct view *a_template(void)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_TEMPLATE, 0, &set, 1, &view) == STATUS_OK);
	view->scope = SCOPE_ANY;
	return view;
}

static void run(void)
{
	scenario_begin(3);
	client = scenario_process_plain("client");
	server = scenario_process_plain("server");
	explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	end = scenario_give(server, scenario_full(&endpoint->object));
	template = scenario_give(server, a_template());
	facet = scenario_give(client, scenario_facet(endpoint, 1));
	spare = scenario_give(client, scenario_facet(endpoint, 2));
	gate_get(gate);
	lent = scenario_lend(client, scenario_facet(endpoint, 3), gate);
	object_put(&endpoint->object);
	finished = 0;
	meet_reset();
	for (unsigned i = 0; i < 3; i++)
		scenario_thread(i == 2 ? client : server, program, i);
	scenario_when_started(pause_first);
	scenario_run();
	explore_check(finished == 3);
	gate_put(gate);
	scenario_end();
}

#define LONG_ANSWER .bytes = 1024, .room = CAP_MIN_RESULT_BUF
#define SHORT_ANSWER .bytes = 16, .room = CAP_MIN_RESULT_BUF
#define FACET .mints = 1

#define GUESS(name, ...)                          \
	EXPLORE_ALL(name, 1)                      \
	{                                         \
		row = (typeof(row)){__VA_ARGS__}; \
		run();                            \
	}

GUESS(a_guess_answers_no_more_than_there_is_room_for, LONG_ANSWER)
GUESS(a_guess_alone_answers_no_more_than_there_is_room_for, LONG_ANSWER, .waits = true)
GUESS(a_guess_with_a_facet_answers_no_more_than_there_is_room_for, LONG_ANSWER, FACET)
GUESS(a_guess_receives_with_the_slots_that_it_needs, SHORT_ANSWER, .carries = 1)
GUESS(a_guess_alone_receives_with_the_slots_that_it_needs, SHORT_ANSWER, .waits = true, .carries = 1)
GUESS(a_guess_with_a_facet_receives_with_the_slots_that_it_needs, SHORT_ANSWER, FACET, .carries = 1)
GUESS(a_guess_drops_the_gate_of_the_call, SHORT_ANSWER, .through_gate = true)
GUESS(a_guess_alone_drops_the_gate_of_the_call, SHORT_ANSWER, .waits = true, .through_gate = true)
GUESS(what_a_guess_mints_hangs_on_the_gate_of_the_call, SHORT_ANSWER, FACET, .through_gate = true)

EXPLORE_MAIN
