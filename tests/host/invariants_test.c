// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The invariants (invariants.h) hold through an ordinary life, and each of them is seen to be broken: a fault is planted in the kernel's
 * structures while a server, a client and a third process run, and the next look must name it.
 */
#include "invariants.h"
#include "scenario.h"

#include <cap/gate.h>
#include <ring/record.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER 512u
#define ROUNDS 6u
#define BIT 4u

static struct process *server, *client, *idler;
static struct endpoint *endpoint;
static struct notification *notification;
static struct gate *gate;
static struct view *facet;
static cap_id server_end, door, gated, bell, idlers;
static unsigned answered;
static const struct fault *planted;

/* ---- Faults: what each breaks ---- */

struct fault {
	const char *name; /* what is said of it */
	void (*plant)(void);
};

static struct ring *ring_of(const struct process *process)
{
	return &list_first(&process->threads, struct thread, link)->ring;
}

static struct cap_entry *entry_of(const struct process *process, cap_id id)
{
	return &cap_array_entries(process->table.array)[cap_id_slot(id)];
}

static void lose_a_slot(void)
{
	client->table.free = cap_array_entries(client->table.array)[client->table.free].next;
}

static void free_a_slot_in_use(void)
{
	entry_of(client, door)->next = client->table.free;
	client->table.free = cap_id_slot(door);
}

static void charge_for_nothing(void)
{
	client->ledger.used[LEDGER_ENTRIES]++;
}

static void exceed_a_limit(void)
{
	client->ledger.used[LEDGER_PAGES] = client->ledger.limit[LEDGER_PAGES] + 1;
}

static void pay_for_no_thread(void)
{
	client->ledger.used[LEDGER_THREADS] = 0;
}

static void drop_a_view(void)
{
	facet->refs = 1; /* two entries */
}

static void drop_an_object(void)
{
	notification->object.refs = 0;
}

static void lose_a_request(void)
{
	ring_of(client)->free = ring_of(client)->free->next;
}

static void forget_that_one_waits(void)
{
	ring_of(idler)->pending--;
}

static void complete_without_claim(void)
{
	struct ring *ring = ring_of(idler);

	ring->parked->done = ring->done;
	ring->done = ring->parked;
}

static void overfill_completions(void)
{
	ring_of(idler)->cq_head = ring_of(idler)->cq_tail - ring_of(idler)->cq_count;
}

static void lose_a_completion(void)
{
	ring_of(idler)->cq_tail--;
	ring_of(idler)->cq_head--;
}

static void complete_twice(void)
{
	ring_of(idler)->cq_tail++;
}

static void cut_a_list(void)
{
	endpoint->notices.next = &endpoint->calls;
}

static void lose_a_waiter(void)
{
	list_remove(&ring_of(idler)->parked->link);
	notification->waiters.next = notification->waiters.prev = &notification->waiters;
	ring_of(idler)->parked->queue_lock = &endpoint->lock;
	list_push_back(&notification->waiters, &ring_of(idler)->parked->link);
}

static void set_bits_and_wake_nobody(void)
{
	notification->bits = BIT;
}

static void kill_a_parent_only(void)
{
	gate->parent[0]->dead = true;
}

static void leave_an_epoch_open(void)
{
	this_cpu()->limbo_count++;
}

static void take_authority(void)
{
	struct view *view = scenario_full(&notification->object);
	cap_id id;

	explore_check(cap_table_insert(&client->table, (struct cap_ref){view, NULL},
				       (struct provenance){.kind = PROVENANCE_CALL, .giver = client->pid},
				       &id) == STATUS_OK);
}

static void widen_a_view(void)
{
	facet->sets[0].methods = METHODS_ALL;
}

static const struct fault faults[] = {
	{"invariant I1", lose_a_slot},           {"invariant I1", free_a_slot_in_use},
	{"invariant I1", charge_for_nothing},    {"invariant I3", drop_a_view},
	{"invariant I3", drop_an_object},        {"invariant I4", exceed_a_limit},
	{"invariant I4", pay_for_no_thread},     {"invariant I5", lose_a_request},
	{"invariant I5", forget_that_one_waits}, {"invariant I5", complete_without_claim},
	{"invariant I5", overfill_completions},  {"invariant I6", lose_a_completion},
	{"invariant I6", complete_twice},        {"invariant I7", cut_a_list},
	{"invariant I7", lose_a_waiter},         {"invariant I7", set_bits_and_wake_nobody},
	{"invariant I8", kill_a_parent_only},    {"invariant I9", leave_an_epoch_open},
	{"invariant I10", take_authority},       {"invariant I10", widen_a_view},
};

/* ---- The scenario ---- */

static void serves(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_RECV,
								      .target = server_end.raw,
								      .buf_off = BUFFER,
								      .buf_len = 256});
		explore_check(cqe.status == STATUS_OK);
		explore_check(
			user_do(&ring,
				&(struct cap_sqe){.op = CAP_OP_RETURN, .target = cqe.token, .msg_len = 8})
				.status == STATUS_OK);
	}
}

static void calls(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	for (unsigned i = 0; i < 2 * ROUNDS; i++) {
		struct cap_cqe cqe = user_do(&ring, &(struct cap_sqe){.op = CAP_OP_CALL,
								      .target = i % 2 ? gated.raw : door.raw,
								      .interface_id = SCENARIO_INTERFACE,
								      .msg_len = 8,
								      .buf_off = BUFFER,
								      .buf_len = 256});
		explore_check(cqe.status == STATUS_OK);
		answered++;
		if (i == ROUNDS && planted != NULL)
			planted->plant();
	}
	explore_check(user_do(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL, .target = bell.raw}).status ==
		      STATUS_OK);
}

static void waits(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	struct cap_cqe cqe = user_do(
		&ring, &(struct cap_sqe){.op = CAP_OP_WAIT, .target = idlers.raw, .interface_id = BIT});
	explore_check(cqe.status == STATUS_OK && cqe.token == BIT);
}

/* The client has a facet, the same under a gate below a gate, and one bit of the notification that the idler waits for. */
static void make_things(void)
{
	struct interface_set set = {SCENARIO_INTERFACE, 1},
			     bits = {notification_object_type->interface_id, 1};
	struct gate *parent;
	struct view *view;

	server = scenario_process("server");
	client = scenario_process("client");
	idler = scenario_process("idler");
	endpoint = scenario_endpoint(server, 64, 0);
	server_end = scenario_give(server, scenario_full(&endpoint->object));
	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, 7, &set, 1, &facet) == STATUS_OK);
	view_get(facet);
	door = scenario_give(client, facet);
	explore_check(gate_create(NULL, NULL, NULL, &parent) == STATUS_OK);
	explore_check(gate_create(NULL, parent, NULL, &gate) == STATUS_OK);
	gate_put(parent);
	explore_check(cap_table_insert(&client->table, (struct cap_ref){facet, gate},
				       (struct provenance){.kind = PROVENANCE_BOOT}, &gated) == STATUS_OK);
	explore_check(notification_create(server, &notification) == STATUS_OK);
	idlers = scenario_give(idler, scenario_full(&notification->object));
	explore_check(view_create(NULL, &notification->object, VIEW_FACET, BIT, &bits, 1, &view) ==
		      STATUS_OK);
	bell = scenario_give(client, view);
	object_put(&endpoint->object);
	object_put(&notification->object);
}

static void live(void *fault)
{
	planted = fault;
	answered = 0;
	scenario_begin(1);
	make_things();
	scenario_thread(idler, waits, 0);
	scenario_thread(server, serves, 0);
	scenario_thread(client, calls, 0);
	scenario_run();
	explore_check(answered == 2 * ROUNDS);
	scenario_end();
}

/* What a run with the fault says before it dies; false: it does not. */
static bool dies_saying(const struct fault *fault)
{
	char said[4096];
	size_t len = 0;
	ssize_t n;
	int ends[2], state;

	explore_check(pipe(ends) == 0);
	pid_t child = fork();
	explore_check(child >= 0);
	if (child == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		(void)dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		live((void *)(uintptr_t)fault);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	said[len] = 0;
	explore_check(waitpid(child, &state, 0) == child);
	return !(WIFEXITED(state) && WEXITSTATUS(state) == 0) && strstr(said, fault->name) != NULL;
}

EXPLORE_TEST(what_is_sound_is_left_alone, 20)
{
	uint64_t looks = invariants_looks();

	live(NULL);
	explore_check(invariants_looks() > looks + 4 * ROUNDS);
}

EXPLORE_TEST(every_planted_fault_is_seen, 1)
{
	for (unsigned i = 0; i < array_size(faults); i++)
		if (!dies_saying(&faults[i]))
			host_die("fault %u is not seen as %s", i, faults[i].name);
}

EXPLORE_MAIN
