// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls and answers that are little more than their message (ring/call_little.c, return_little.c), and all that makes one more than
 * that: each row goes the straight way twice, and then with one thing different. The general way has the same answer to it that it
 * would have had for the first of its kind; whatever is refused has moved nothing.
 */
#include "invariants.h"
#include "scenario.h"

#include <cap/capture.h>
#include <cap/gate.h>
#include <mm/slab.h>
#include <ring/facet.h>
#include <ring/session.h>
#include <schema/kernel/endpoint.capnp.h>

#define MESSAGE 256u
#define HEADER ((uint32_t)sizeof(struct cap_call_header))
#define CAPS 2u
#define RECV_BUF (HEADER + MESSAGE + 8 * CAPS)
#define DESC_AT 0u
#define SEND_AT 512u
#define RECV_AT 1024u
#define RESULT_AT(i) (2048u + (i) * 512u)
#define PENDING 99

static struct process *client, *server;
static struct endpoint *endpoint, *elsewhere_endpoint;
static struct session *session;
static cap_id end, elsewhere, template, lent_template, bound_template, not_a_template; /* the server's */
static cap_id facet, lent, spare, bound, lent_spare;                                   /* the client's */
static unsigned asked, served, finished;

static struct process *in_session(const char *name, struct session *of)
{
	struct process *process = scenario_process(name);

	object_put(&process->session->object);
	process->session = of;
	object_get(&of->object);
	return process;
}

static struct view *view_of(struct endpoint *of, enum view_kind kind, uint64_t key, enum transfer_scope scope)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &of->object, kind, key, &set, 1, &view) == STATUS_OK);
	view->scope = scope;
	return view;
}

static struct gate *a_gate(void)
{
	struct gate *gate;

	explore_check(gate_create(NULL, NULL, NULL, &gate) == STATUS_OK);
	return gate;
}

/* The straight way is not that of a captured process. */
static void be_uncaptured(struct process *process)
{
	capture_end(process);
}

static void begin(unsigned cpu_total)
{
	scenario_begin(cpu_total);
	explore_check(session_create(NULL, (uint64_t[]){3, 4}, NULL, &session) == STATUS_OK);
	client = in_session("client", session);
	server = scenario_process("server");
	be_uncaptured(client);
	be_uncaptured(server);
	endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	elsewhere_endpoint = scenario_endpoint(server, MESSAGE, CAPS);
	end = scenario_give(server, scenario_full(&endpoint->object));
	elsewhere = scenario_give(server, scenario_full(&elsewhere_endpoint->object));
	template = scenario_give(server, view_of(endpoint, VIEW_TEMPLATE, 0, SCOPE_ANY));
	bound_template = scenario_give(server, view_of(endpoint, VIEW_TEMPLATE, 0, SCOPE_SESSION));
	lent_template = scenario_lend(server, view_of(endpoint, VIEW_TEMPLATE, 0, SCOPE_ANY), a_gate());
	not_a_template = scenario_give(server, scenario_facet(endpoint, 70));
	facet = scenario_give(client, scenario_facet(endpoint, 1));
	lent = scenario_lend(client, scenario_facet(endpoint, 2), a_gate());
	spare = scenario_give(client, scenario_facet(endpoint, 3));
	lent_spare = scenario_lend(client, scenario_facet(endpoint, 4), a_gate());
	bound = scenario_give(client, view_of(endpoint, VIEW_FACET, 5, SCOPE_SESSION));
	object_put(&endpoint->object);
	object_put(&elsewhere_endpoint->object);
	asked = served = finished = 0;
}

static void end_scenario(void)
{
	object_put(&session->object);
	scenario_end();
}

static void pause_a_little(void)
{
	(void)host_cap_enter(UINT32_MAX, host_now_ns() + 50000000, NULL);
}

static void pause_until(const unsigned *word, unsigned value)
{
	while (load_acquire(word) < value)
		pause_a_little();
}

/* One submission in an entry of its own: its completion, or PENDING. */
static struct cap_cqe go(struct user_ring *ring, struct cap_sqe sqe)
{
	struct cap_cqe cqe = {.status = PENDING};

	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
	(void)user_reap(ring, &cqe);
	return cqe;
}

static const cap_id nothing = {77};

#define IS_REFUSED(cqe, expected) explore_check((cqe).status == (expected))

/* --- answers: a facet that is minted for them -------------------------------------------------------------------------- */

/* What is different about the third call, and about the answer to it. */
struct answer_row {
	const char *what;
	struct { /* the call */
		bool through_gate, without_room, with_capability, keeps, timed;
	} call;
	struct { /* the answer's descriptor, length, and what it is of */
		enum cap_desc_kind kind;
		const cap_id *id;
		uint32_t len;
		enum { AS_IT_IS, STALE, WITHOUT_CREDIT, WITHOUT_MEMORY, WITHOUT_QUOTA } how;
	} answer;
	int refused;  /* the status of the answer, or OK */
	int received; /* by the caller, of the call */
};

static const struct answer_row answer_rows[] = {
	{"little", {}, {CAP_DESC_MINT, &template, 16, AS_IT_IS}, STATUS_OK, STATUS_OK},
	{"an answer that is kept",
	 {.keeps = true},
	 {CAP_DESC_MINT, &template, 16, AS_IT_IS},
	 STATUS_OK,
	 STATUS_OK},
	{"through a gate",
	 {.through_gate = true},
	 {CAP_DESC_MINT, &template, 16, AS_IT_IS},
	 STATUS_OK,
	 STATUS_OK},
	{"no room for one",
	 {.without_room = true},
	 {CAP_DESC_MINT, &template, 16, AS_IT_IS},
	 STATUS_TOO_LARGE,
	 77},
	{"it brought one",
	 {.with_capability = true},
	 {CAP_DESC_MINT, &template, 16, AS_IT_IS},
	 STATUS_OK,
	 STATUS_OK},
	{"nobody waits any more",
	 {.timed = true},
	 {CAP_DESC_MINT, &template, 16, AS_IT_IS},
	 STATUS_OK,
	 STATUS_TIMED_OUT},
	{"a copy", {}, {CAP_DESC_COPY, &not_a_template, 16, AS_IT_IS}, STATUS_OK, STATUS_OK},
	{"of no template", {}, {CAP_DESC_MINT, &not_a_template, 16, AS_IT_IS}, STATUS_WRONG_TYPE, 77},
	{"of nothing", {}, {CAP_DESC_MINT, &nothing, 16, AS_IT_IS}, STATUS_BAD_ID, 77},
	{"of a template that is lent",
	 {},
	 {CAP_DESC_MINT, &lent_template, 16, AS_IT_IS},
	 STATUS_OK,
	 STATUS_OK},
	{"for its own session", {}, {CAP_DESC_MINT, &bound_template, 16, AS_IT_IS}, STATUS_OUT_OF_SCOPE, 77},
	{"too long", {}, {CAP_DESC_MINT, &template, 256, AS_IT_IS}, STATUS_TOO_LARGE, 77},
	{"an old token", {}, {CAP_DESC_MINT, &template, 16, STALE}, STATUS_BAD_ID, 77},
	{"no memory, once", {}, {CAP_DESC_MINT, &template, 16, WITHOUT_MEMORY}, STATUS_OK, STATUS_OK},
	{"no quota", {}, {CAP_DESC_MINT, &template, 16, WITHOUT_QUOTA}, STATUS_NO_QUOTA, 77},
	{"no credit", {}, {CAP_DESC_MINT, &template, 16, WITHOUT_CREDIT}, STATUS_AGAIN, 77},
};

static struct cap_sqe call_sqe(cap_id target, unsigned slot)
{
	return (struct cap_sqe){.op = CAP_OP_CALL,
				.target = target.raw,
				.interface_id = SCENARIO_INTERFACE,
				.user_data = slot,
				.msg_off = SEND_AT,
				.msg_len = 16,
				.buf_off = RESULT_AT(slot),
				.buf_len = CAP_MIN_RESULT_BUF,
				.buf_caps = 1};
}

/* Without a completion, which others could be mistaken for. */
static void release(struct user_ring *ring, uint64_t id)
{
	struct cap_sqe sqe = {.op = CAP_OP_RELEASE, .flags = CAP_SQE_QUIET, .target = id};

	(void)user_submit(ring, &sqe);
	(void)user_enter(ring, 0, 0);
}

/* Three calls for each row; what came with their answers is a facet of the endpoint, and is released. */
static void asks(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < array_size(answer_rows); i++) {
		const struct answer_row *row = &answer_rows[i];
		uint64_t kept = 0, came[3];
		unsigned count = 0;
		for (unsigned n = 0; n < 3; n++) {
			struct cap_sqe sqe = call_sqe(n == 2 && row->call.through_gate ? lent : facet, n);
			struct cap_desc desc = {.id = spare.raw};
			if (n == 2) {
				user_arena_write(&ring, DESC_AT, &desc, sizeof desc);
				sqe.caps_len = row->call.with_capability;
				sqe.buf_caps = !row->call.without_room;
				sqe.flags = row->call.keeps ? CAP_SQE_KEEP_ANSWER : 0;
				sqe.deadline_ns = row->call.timed ? host_now_ns() + 1000000000 : 0;
			}
			kept = user_submit(&ring, &sqe);
			(void)user_enter(&ring, 0, 0);
			store_release(&asked, 3 * i + n + 1);
		}
		for (unsigned n = 0; n < 3; n++) {
			struct cap_cqe cqe = user_wait(&ring);
			int expected = cqe.user_data == 2 ? row->received : STATUS_OK;
			if (expected == 77) {
				explore_check(cqe.status == STATUS_EXCEPTION && cqe.caps == 0);
				continue;
			}
			if (cqe.status != expected || cqe.caps != (expected == STATUS_OK))
				host_die("%s, call %u: %d instead of %d, %u capabilities", row->what,
					 (unsigned)cqe.user_data, cqe.status, expected, cqe.caps);
			if (cqe.caps != 0)
				came[count++] = user_arena_word(&ring,
								RESULT_AT((unsigned)cqe.user_data) + cqe.len);
		}
		if (row->call.keeps)
			explore_check(go(&ring, (struct cap_sqe){.op = CAP_OP_RELEASE_ANSWER, .target = kept})
					      .status == STATUS_OK);
		pause_until(&served, i + 1);
		while (count > 0) /* between the rows: the server is told, and is not to be in the middle */
			release(&ring, came[--count]);
		pause_a_little();
	}
	finished++;
}

static struct cap_sqe receive_sqe(cap_id from, uint64_t user_data)
{
	return (struct cap_sqe){.op = CAP_OP_RECV,
				.target = from.raw,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS,
				.user_data = user_data};
}

static struct cap_sqe answer_sqe(struct user_ring *ring, uint64_t token, enum cap_desc_kind kind, cap_id id,
				 uint32_t len)
{
	struct cap_desc desc = {.id = id.raw, .path_or_key = kind == CAP_DESC_MINT ? 900 : 0, .kind = kind};

	user_arena_write(ring, DESC_AT, &desc, sizeof desc);
	return (struct cap_sqe){.op = CAP_OP_RETURN_RECV,
				.target = token,
				.interface_id = end.raw,
				.user_data = 8,
				.msg_off = SEND_AT,
				.msg_len = len,
				.caps_off = DESC_AT,
				.caps_len = 1,
				.buf_off = RECV_AT,
				.buf_len = RECV_BUF,
				.buf_caps = CAPS};
}

/* The next call, behind notices. `posted`: a RECV is there already. */
static struct cap_cqe next_call(struct user_ring *ring, bool posted)
{
	struct cap_cqe cqe;

	for (;; posted = false) {
		struct cap_sqe sqe = receive_sqe(end, 9);
		if (!posted)
			(void)user_submit(ring, &sqe);
		cqe = user_wait(ring);
		explore_check(cqe.status == STATUS_OK);
		if (!user_is_notice(cqe))
			return cqe;
	}
}

#define FILLERS 40u
static cap_id quiet_word; /* a notification of the server's that nobody signals */

/* Everything that may wait does; what is over that completes at once. */
static uint64_t fill(struct user_ring *ring)
{
	uint64_t first = ring->sequence;

	for (unsigned i = 0; i < FILLERS; i++) {
		struct cap_cqe cqe = go(ring, (struct cap_sqe){.op = CAP_OP_WAIT,
							       .target = quiet_word.raw,
							       .interface_id = 1,
							       .user_data = 1000 + i});
		if (cqe.status == STATUS_AGAIN)
			return first;
	}
	host_die("there is no end to credit");
}

static void unfill(struct user_ring *ring, uint64_t first)
{
	for (uint64_t sequence = first; sequence < first + FILLERS; sequence++) {
		struct cap_sqe cancel = {.op = CAP_OP_CANCEL, .target = sequence, .flags = CAP_SQE_QUIET};
		(void)user_submit(ring, &cancel);
		(void)user_enter(ring, 0, 0);
		for (struct cap_cqe cqe; user_reap(ring, &cqe);)
			explore_check(cqe.status == STATUS_CANCELLED || cqe.status == STATUS_BAD_ID ||
				      cqe.status == STATUS_TOO_LATE);
	}
}

static void answers(uint64_t region)
{
	struct user_ring ring;
	bool posted = false;
	uint64_t before = 0;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < array_size(answer_rows); i++) {
		const struct answer_row *row = &answer_rows[i];
		struct cap_cqe cqe = next_call(&ring, posted);
		for (unsigned n = 0; n < 2; n++) { /* the second time its words are known */
			struct cap_sqe sqe = answer_sqe(&ring, cqe.token, CAP_DESC_MINT, template, 16);
			before = cqe.token;
			(void)user_submit(&ring, &sqe);
			cqe = next_call(&ring, true);
		}
		if (row->call.timed)
			(void)host_cap_enter(UINT32_MAX, host_now_ns() + 3000000000, NULL);
		uint64_t entries = server->ledger.used[LEDGER_ENTRIES], filled = 0,
			 limit = server->ledger.limit[LEDGER_OBJECTS];
		struct cap_sqe sqe = answer_sqe(&ring, row->answer.how == STALE ? before : cqe.token,
						row->answer.kind, *row->answer.id, row->answer.len);
		if (row->answer.how == WITHOUT_CREDIT)
			filled = fill(&ring);
		if (row->answer.how == WITHOUT_QUOTA)
			server->ledger.limit[LEDGER_OBJECTS] = server->ledger.used[LEDGER_OBJECTS];
		slab_fail_after(row->answer.how == WITHOUT_MEMORY);
		struct cap_cqe done = go(&ring, sqe);
		slab_fail_after(0);
		server->ledger.limit[LEDGER_OBJECTS] = limit;
		/* A notice ends the RECV that was posted; it is no refusal. */
		posted = done.status == PENDING;
		bool refused = !posted && !user_is_notice(done);
		enum status expected = row->refused;
		/* If its client did not wait yet, the general way was the first to ask for memory. */
		if (row->answer.how == WITHOUT_MEMORY && refused)
			expected = STATUS_NO_MEMORY;
		if (refused != (expected != STATUS_OK) || (refused && done.status != expected))
			host_die("%s: %d instead of %d", row->what, done.status, expected);
		if (row->answer.how == WITHOUT_CREDIT)
			unfill(&ring, filled);
		if (refused) { /* as if nothing had been: the call is open */
			explore_check(server->ledger.used[LEDGER_ENTRIES] == entries);
			explore_check(go(&ring, (struct cap_sqe){.op = CAP_OP_RETURN,
								 .flags = CAP_SQE_IS_EXCEPTION,
								 .target = cqe.token,
								 .msg_off = SEND_AT,
								 .msg_len = 16})
					      .status == STATUS_OK);
		}
		if (row->call.with_capability)
			release(&ring, user_arena_word(&ring, RECV_AT + cqe.len));
		store_release(&served, i + 1);
	}
	finished++;
	for (;;)
		(void)user_wait(&ring);
}

EXPLORE_TEST(an_answer_with_a_minted_facet_is_little_or_what_else_it_is, 4)
{
	struct notification *notification;

	begin(1);
	explore_check(notification_create(server, &notification) == STATUS_OK);
	quiet_word = scenario_give(server, scenario_full(&notification->object));
	object_put(&notification->object);
	scenario_thread(server, answers, 0);
	scenario_thread(client, asks, 0);
	scenario_run();
	explore_check(finished == 2);
	end_scenario();
}

/* --- calls: a copy goes along, one may come back ------------------------------------------------------------------------ */

enum twist {
	NOTHING,
	OUT_OF_RANGE,
	WITH_A_PATH,
	NO_SUCH_ID,
	LENT,
	BOUND,
	NO_CREDIT,
	NO_ENTRIES,
	NOBODY_RECEIVES,
	KEY_RETIRED,
	OTHER_KEY_RETIRED,
	LIMITED_TIME,
	LONG,
	SESSION_ENDED,
};

static const struct call_row {
	const char *what;
	uint16_t sends, takes;
	enum twist twist;
	int status;
} call_rows[] = {
	{"nothing but a message", 0, 0, NOTHING, STATUS_OK},
	{"sends one", 1, 0, NOTHING, STATUS_OK},
	{"may take one", 0, 1, NOTHING, STATUS_OK},
	{"both", 1, 1, NOTHING, STATUS_OK},
	{"two, which is not little", 2, 1, NOTHING, STATUS_OK},
	{"a descriptor beyond the arena", 1, 0, OUT_OF_RANGE, STATUS_BAD_RANGE},
	{"a copy by a path", 1, 1, WITH_A_PATH, STATUS_BAD_OP},
	{"of nothing", 1, 1, NO_SUCH_ID, STATUS_BAD_ID},
	{"of what is lent", 1, 0, LENT, STATUS_OK},
	{"of what is for another session", 1, 0, BOUND, STATUS_OUT_OF_SCOPE},
	{"no credit", 1, 1, NO_CREDIT, STATUS_AGAIN},
	{"no credit, and takes one", 0, 1, NO_CREDIT, STATUS_AGAIN},
	{"no room for what comes back", 0, 1, NO_ENTRIES, STATUS_NO_QUOTA},
	{"nor that, and sends one", 1, 1, NO_ENTRIES, STATUS_NO_QUOTA},
	{"nobody receives", 0, 1, NOBODY_RECEIVES, STATUS_OK},
	{"nobody receives what is sent", 1, 1, NOBODY_RECEIVES, STATUS_OK},
	{"a retired key", 0, 0, KEY_RETIRED, STATUS_DISCONNECTED},
	{"a retired key, takes one", 0, 1, KEY_RETIRED, STATUS_DISCONNECTED},
	{"a retired key, sends one", 1, 0, KEY_RETIRED, STATUS_DISCONNECTED},
	{"some other key is retired", 0, 0, OTHER_KEY_RETIRED, STATUS_OK},
	{"some other key is retired, sends one", 1, 1, OTHER_KEY_RETIRED, STATUS_OK},
	{"a long message", 0, 0, LONG, STATUS_OK},
	{"for a limited time", 1, 1, LIMITED_TIME, STATUS_OK},
	{"in a session that is over", 0, 0, SESSION_ENDED, STATUS_REVOKED},
	{"in a session that is over, takes one", 0, 1, SESSION_ENDED, STATUS_REVOKED},
};

static cap_id door; /* the client's; key 100 + the row */
static cap_id other_door;
static bool hold;
static const struct call_row *playing;

static void retire(uint64_t key)
{
	invariants_busy(true);
	explore_check(facet_key_retire(endpoint, key));
	invariants_busy(false);
}

static void calls(uint64_t region)
{
	const struct call_row *row = playing;
	struct cap_desc desc = {.id = spare.raw}, descs[2] = {desc, desc};
	uint64_t filled = 0, entries = client->ledger.limit[LEDGER_ENTRIES];
	struct user_ring ring;

	user_ring_open(&ring, region);
	user_arena_write(&ring, DESC_AT, descs, sizeof descs);
	struct cap_sqe sqe = call_sqe(door, 0);
	sqe.caps_len = row->sends;
	sqe.buf_caps = row->takes;
	for (unsigned n = 0; n < 2; n++) {
		if (n == 1)
			store_release(&hold, row->twist == NOBODY_RECEIVES);
		struct cap_cqe cqe = user_do(&ring, &sqe);
		explore_check(cqe.status == STATUS_OK && cqe.caps == 0);
	}
	(void)host_cap_enter(UINT32_MAX, host_now_ns() + 5000, NULL); /* it receives again */
	desc.path_or_key = row->twist == WITH_A_PATH;
	desc.id = row->twist == NO_SUCH_ID ? nothing.raw
		  : row->twist == LENT     ? lent_spare.raw
		  : row->twist == BOUND    ? bound.raw
					   : desc.id;
	user_arena_write(&ring, DESC_AT, &desc, sizeof desc);
	if (row->twist == OUT_OF_RANGE)
		sqe.caps_off = ring.arena_len - 8;
	if (row->twist ==
	    NO_CREDIT) { /* the request that is left is known as this call, once it has been refused */
		filled = fill(&ring);
		explore_check(go(&ring, sqe).status == STATUS_AGAIN);
	}
	if (row->twist == NO_ENTRIES)
		client->ledger.limit[LEDGER_ENTRIES] = client->ledger.used[LEDGER_ENTRIES];
	if (row->twist == KEY_RETIRED)
		retire(100);
	if (row->twist == OTHER_KEY_RETIRED)
		retire(101);
	if (row->twist == LONG)
		sqe.msg_len = MESSAGE;
	if (row->twist == LIMITED_TIME)
		sqe.deadline_ns = host_now_ns() + 1000000000000ull;
	if (row->twist == SESSION_ENDED)
		store_release(&session->ended, true);
	uint64_t used = client->ledger.used[LEDGER_ENTRIES];
	struct cap_cqe cqe = go(&ring, sqe);
	client->ledger.limit[LEDGER_ENTRIES] = entries;
	explore_check(cqe.status == PENDING || client->ledger.used[LEDGER_ENTRIES] == used);
	store_release(&hold, false);
	if (cqe.status == PENDING)
		cqe = user_wait(&ring);
	if (cqe.status != row->status)
		host_die("%s: %d instead of %d", row->what, cqe.status, row->status);
	if (row->twist == NO_CREDIT)
		unfill(&ring, filled);
	explore_check(client->ledger.used[LEDGER_ENTRIES] == used);
	finished++;
}

/* Answers everything and drops what came, in one; or, told to, answers, and receives no more for a while. */
static void drops(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = receive_sqe(end, 9);

	user_ring_open(&ring, region);
	for (;;) {
		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		if (user_is_notice(cqe)) {
			sqe = receive_sqe(end, 9);
			continue;
		}
		sqe = (struct cap_sqe){.op = CAP_OP_RETURN,
				       .flags = CAP_SQE_RELEASE_CAPS,
				       .target = cqe.token,
				       .msg_off = SEND_AT,
				       .msg_len = 8};
		if (load_acquire(&hold)) {
			explore_check(go(&ring, sqe).status == STATUS_OK);
			while (load_acquire(&hold))
				(void)host_cap_enter(UINT32_MAX, host_now_ns() + 1000, NULL);
			sqe = receive_sqe(end, 9);
			continue;
		}
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.interface_id = end.raw;
		sqe.buf_off = RECV_AT;
		sqe.buf_len = RECV_BUF;
		sqe.buf_caps = CAPS;
	}
}

EXPLORE_TEST(a_call_that_was_little_is_that_again_or_what_else_it_is, 4)
{
	struct notification *notification;

	for (unsigned i = 0; i < array_size(call_rows); i++) {
		playing = &call_rows[i];
		begin(1);
		hold = false;
		door = scenario_give(client, scenario_facet(endpoint, 100));
		other_door = scenario_give(client, scenario_facet(endpoint, 101));
		explore_check(notification_create(client, &notification) == STATUS_OK);
		quiet_word = scenario_give(client, scenario_full(&notification->object));
		object_put(&notification->object);
		scenario_thread(server, drops, 0);
		scenario_thread(client, calls, 0);
		scenario_run();
		explore_check(finished == 1);
		end_scenario();
	}
}

/* --- answers whose words are known, of other calls than the last one ----------------------------------------------------- */

/* So many calls, to one endpoint and then the other; then until the server is through. */
static cap_id far_door;

static void asks_here_and_there(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 7; i++) {
		struct cap_sqe sqe = call_sqe(i < 6 ? facet : far_door, 0);
		(void)user_submit(&ring, &sqe);
	}
	for (unsigned i = 0; i < 7; i++)
		explore_check(user_wait(&ring).status == STATUS_OK);
	finished++;
}

static struct cap_cqe wait_for(struct user_ring *ring, uint64_t user_data)
{
	struct cap_cqe cqe = user_wait(ring);

	explore_check(cqe.status == STATUS_OK && cqe.user_data == user_data && !user_is_notice(cqe));
	return cqe;
}

static void answers_out_of_order(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;
	struct cap_sqe sqe = receive_sqe(end, 1), far = receive_sqe(elsewhere, 3);

	user_ring_open(&ring, region);
	/* Two calls are open, in two records; answers go round in the first one's. */
	(void)user_submit(&ring, &sqe);
	uint64_t other = wait_for(&ring, 1).token;
	(void)user_submit(&ring, &sqe);
	uint64_t token = wait_for(&ring, 1).token;
	for (unsigned i = 0; i < 2; i++) {
		sqe = answer_sqe(&ring, token, CAP_DESC_MINT, template, 16);
		(void)user_submit(&ring, &sqe);
		token = wait_for(&ring, 8).token;
	}
	/* The same words, but of the other one. */
	sqe = answer_sqe(&ring, other, CAP_DESC_MINT, template, 16);
	(void)user_submit(&ring, &sqe);
	other = wait_for(&ring, 8).token;
	/* A record that has received elsewhere in between. Nothing else may be in the request that knows the words: a wait that runs
	 * out is in front of it, and takes what comes between. */
	(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_WAIT,
						   .target = quiet_word.raw,
						   .interface_id = 1,
						   .user_data = 5,
						   .deadline_ns = host_now_ns() + 1000000000});
	sqe = answer_sqe(&ring, token, CAP_DESC_MINT, template, 16);
	(void)user_submit(&ring, &sqe);
	token = wait_for(&ring, 8).token;
	cqe = user_wait(&ring);
	explore_check(cqe.status == STATUS_TIMED_OUT && cqe.user_data == 5);
	uint64_t both[] = {token, other};
	for (unsigned i = 0; i < 2; i++) {
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
							   .target = both[i],
							   .user_data = 6,
							   .msg_off = SEND_AT,
							   .msg_len = 16});
		(void)wait_for(&ring, 6);
	}
	(void)user_submit(&ring, &far);
	token = wait_for(&ring, 3).token;
	(void)user_submit(&ring,
			  &(struct cap_sqe){.op = CAP_OP_WAIT, .target = quiet_word.raw, .interface_id = 1});
	(void)user_enter(&ring, 0, 0);
	sqe = answer_sqe(&ring, token, CAP_DESC_MINT, template, 16);
	(void)user_submit(&ring, &sqe);
	(void)user_enter(&ring, 0, 0);
	finished++;
	for (;;)
		(void)user_wait(&ring);
}

EXPLORE_TEST(answers_whose_words_are_known_are_of_any_call, 4)
{
	struct notification *notification;

	begin(1);
	explore_check(notification_create(server, &notification) == STATUS_OK);
	quiet_word = scenario_give(server, scenario_full(&notification->object));
	object_put(&notification->object);
	far_door = scenario_give(client, scenario_facet(elsewhere_endpoint, 9));
	scenario_thread(server, answers_out_of_order, 0);
	scenario_thread(client, asks_here_and_there, 0);
	scenario_run();
	explore_check(finished == 2);
	end_scenario();
}

/* An old token, without capabilities, behind the words of the last answer. */
static void asks_plainly(uint64_t region)
{
	struct user_ring ring;
	struct cap_sqe sqe = call_sqe(facet, 0);

	user_ring_open(&ring, region);
	sqe.buf_caps = 0;
	for (unsigned i = 0; i < 4; i++)
		explore_check(user_do(&ring, &sqe).status == STATUS_OK);
	finished++;
}

static void answers_twice(uint64_t region)
{
	struct user_ring ring;
	uint64_t old = 0;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = next_call(&ring, false);
	for (unsigned i = 0; i < 3; i++) {
		struct cap_sqe sqe = answer_sqe(&ring, cqe.token, CAP_DESC_MINT, template, 16);
		sqe.caps_len = 0;
		if (i == 2) {
			struct cap_sqe twice = sqe;
			twice.target = old;
			IS_REFUSED(go(&ring, twice), STATUS_BAD_ID);
		}
		old = cqe.token;
		(void)user_submit(&ring, &sqe);
		cqe = next_call(&ring, true);
	}
	explore_check(go(&ring,
			 (struct cap_sqe){
				 .op = CAP_OP_RETURN, .target = cqe.token, .msg_off = SEND_AT, .msg_len = 16})
			      .status == STATUS_OK);
	finished++;
}

EXPLORE_TEST(nothing_is_answered_twice, 4)
{
	begin(1);
	scenario_thread(server, answers_twice, 0);
	scenario_thread(client, asks_plainly, 0);
	scenario_run();
	explore_check(finished == 2);
	end_scenario();
}

EXPLORE_MAIN
