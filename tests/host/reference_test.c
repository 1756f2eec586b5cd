// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Kernel and reference model (reference.h) side by side: random sequences of operations by three processes that lend to,
 * call, answer and revoke each other, with ids that are theirs, stale, somebody else's or made up. After each operation the statuses
 * agree and the kernel's tables hold exactly what the model's hold: authority flows along grants and nowhere else.
 *
 * Each process has two threads: the actor does one operation at a time when it is its turn; the caller has the open call.
 */
#include "scenario.h"

#include <object/object.h>
#include <ring/revoke.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/revoker.capnp.h>

#include "reference.h"

#define REGION_BYTES 16384u
#define MESSAGE 64u
#define STEPS 150u
#define NOBODY REF_PROCESSES
#define SEEN 64u
/* In the actor's arena, above what the ring client uses; the caller's arena is free. */
#define RECV_AT 6144u
#define SEND_AT 7168u
#define RESULT_AT 1024u

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

/* Others run meanwhile, whatever the schedule prefers. */
static void nap(void)
{
	(void)host_cap_enter(64, host_now_ns() + 2000, NULL);
}

enum caller_order { ORDER_NONE, ORDER_CALL, ORDER_REAP, ORDER_END };

static struct {
	struct process *process;
	struct endpoint *endpoint;
	cap_id manager;
	uint64_t seen[SEEN]; /* ids that it has or had */
	unsigned seen_count;
	uint64_t token[REF_PROCESSES]; /* of the call that it received from there; 0: none */
	/* For its caller: the order, the call, and the completion that came, if `came`. */
	uint32_t order;
	struct cap_sqe sqe;
	struct cap_desc desc[REF_MESSAGE_CAPS];
	struct cap_cqe cqe;
	uint64_t ids[REF_MESSAGE_CAPS];
	bool came;
} actor[REF_PROCESSES];

static struct reference ref;
static uint32_t turn;
static unsigned steps;
static struct object
	*gate_of[REF_GATES]; /* the kernel's gates, counted, by the model's number; NULL: joint ones */

/* --- comparing ------------------------------------------------------------------------------------------------------ */

static bool same_object(const struct ref_authority *a, const struct view *view)
{
	if (a->kind == REF_REVOKER)
		return view->object == gate_of[a->object];
	return view->object == &actor[a->object].endpoint->object &&
	       view->kind == (a->kind == REF_FACET ? VIEW_FACET : VIEW_OBJECT) &&
	       (a->kind != REF_FACET || view->key == a->key);
}

static uint64_t interface_of(enum ref_kind kind)
{
	return kind == REF_FACET     ? SCENARIO_INTERFACE
	       : kind == REF_REVOKER ? REVOKER_INTERFACE_ID
				     : ENDPOINT_INTERFACE_ID;
}

static bool same_authority(const struct ref_authority *a, const struct cap_entry *entry)
{
	if (!same_object(a, entry->view) || view_methods(entry->view, interface_of(a->kind)) != a->methods ||
	    (entry->gate != NULL) != (a->gate != REF_NO_GATE))
		return false;
	if (entry->gate == NULL)
		return true;
	return gate_is_alive(entry->gate) == !ref.gate[a->gate].dead &&
	       entry->gate->depth == ref.gate[a->gate].depth &&
	       (gate_of[a->gate] == NULL || &entry->gate->object == gate_of[a->gate]);
}

/* The kernel fills the caller's slots when a call is returned; the ids are known when it is reaped. */
static bool is_unreaped(unsigned p, const struct cap_entry *entry, unsigned *matched)
{
	const struct ref_call *call = &ref.call[p];

	for (unsigned i = 0; call->state == REF_DONE && i < call->came_count; i++) {
		if (!(*matched >> i & 1) && same_authority(&call->came[i].authority, entry)) {
			*matched |= 1u << i;
			return true;
		}
	}
	return false;
}

static void compare_entry(unsigned p, uint32_t slot, const struct cap_entry *entry, unsigned *matched)
{
	bool leaving = entry->generation >> 31;
	uint64_t id = (uint64_t)(entry->generation & INT32_MAX) << 32 | slot;

	for (unsigned i = 0; i < REF_CAPS; i++) {
		if (ref.table[p][i].id == id) {
			explore_check(ref.table[p][i].leaving == leaving);
			explore_check(same_authority(&ref.table[p][i].authority, entry));
			return;
		}
	}
	explore_check(is_unreaped(p, entry, matched)); /* no authority that no grant explains */
}

/* Called between operations: nothing else of the kernel's tables changes. */
static void compare(void)
{
	for (unsigned p = 0; p < REF_PROCESSES; p++) {
		struct cap_entry entry;
		struct provenance provenance;
		uint32_t slot, from = 1;
		unsigned kernel = 0, model = ref.call[p].state == REF_DONE ? ref.call[p].came_count : 0,
			 matched = 0;

		while (cap_table_next(&actor[p].process->table, from, &slot, &entry, &provenance)) {
			from = slot + 1;
			if (cap_id_make(slot, entry.generation).raw == actor[p].manager.raw)
				continue;
			compare_entry(p, slot, &entry, &matched);
			kernel++;
		}
		for (unsigned i = 0; i < REF_CAPS; i++)
			model += ref.table[p][i].id != 0;
		explore_check(kernel == model);
	}
}

/* --- choosing ------------------------------------------------------------------------------------------------------- */

static void note(unsigned p, uint64_t id, struct ref_authority authority)
{
	ref_install(&ref, p, id, authority);
	if (actor[p].seen_count < SEEN)
		actor[p].seen[actor[p].seen_count++] = id;
	else
		actor[p].seen[1 + host_random() % (SEEN - 1)] = id;
}

static unsigned held(unsigned p)
{
	unsigned count = 0;

	for (unsigned i = 0; i < REF_CAPS; i++)
		count += ref.table[p][i].id != 0;
	return count;
}

/* Mostly one that it holds, of that kind (or any: -1); sometimes stale, somebody else's, or a neighbour. */
static uint64_t choose(unsigned p, int kind)
{
	uint64_t chance = host_random() % 16;

	if (chance == 0)
		return actor[p].seen[host_random() % actor[p].seen_count];
	if (chance == 1)
		return actor[host_random() % REF_PROCESSES].seen[0] + (host_random() % 3 << 32) +
		       host_random() % 3;
	for (unsigned tries = 0; tries < 100; tries++) {
		const struct ref_cap *cap = &ref.table[p][host_random() % REF_CAPS];

		if (cap->id != 0 && (kind < 0 || cap->authority.kind == (enum ref_kind)kind))
			return cap->id;
	}
	return 0;
}

/* What a process keeps: its manager, which is not in the model, and the right to receive at its endpoint. */
static bool is_kept(unsigned p, uint64_t id)
{
	return id == actor[p].manager.raw || id == actor[p].seen[0];
}

/* Endpoints are not called here. */
static bool is_callable(unsigned p, uint64_t id)
{
	struct ref_cap *cap;

	if (id == actor[p].manager.raw)
		return false;
	return ref_find(&ref, p, id, &cap) == STATUS_BAD_ID || cap->authority.kind == REF_FACET;
}

static unsigned choose_items(unsigned p, struct ref_item *items)
{
	unsigned count = (unsigned)(host_random() % (REF_MESSAGE_CAPS + 1));

	for (unsigned i = 0; i < count; i++) {
		items[i] = (struct ref_item){.id = choose(p, -1), .move = host_random() % 3 == 0};
		if (is_kept(p, items[i].id))
			items[i].id = 0;
	}
	return count;
}

static void describe(const struct ref_item *items, unsigned count, struct cap_desc *out)
{
	for (unsigned i = 0; i < count; i++)
		out[i] = (struct cap_desc){.id = items[i].id,
					   .kind = items[i].move ? CAP_DESC_MOVE : CAP_DESC_COPY};
}

/* --- operations ----------------------------------------------------------------------------------------------------- */

static void duplicates(unsigned p, struct ring_client *ring)
{
	uint64_t id = choose(p, -1);
	struct ref_cap *cap;
	enum status expected = ref_find(&ref, p, id, &cap);
	cap_id copy = CAP_ID_NULL;

	if (id == actor[p].manager.raw || held(p) > REF_CAPS / 2)
		return;
	explore_check(ring_dup(ring, (cap_id){id}, &copy) == expected);
	if (expected == STATUS_OK)
		note(p, copy.raw, cap->authority);
}

static void releases(unsigned p, struct ring_client *ring)
{
	uint64_t id = choose(p, -1);

	if (is_kept(p, id))
		return;
	struct cap_cqe cqe = ring_do(ring, &(struct cap_sqe){.op = CAP_OP_RELEASE, .target = id});
	explore_check(cqe.status == (int)ref_release(&ref, p, id));
}

static void attenuates(unsigned p, struct ring_client *ring)
{
	uint64_t id = choose(p, REF_FACET), mask = host_random();
	struct ref_cap *cap;
	enum status expected = ref_find(&ref, p, id, &cap);
	cap_id made = CAP_ID_NULL;

	if (id == 0 || !is_callable(p, id) || held(p) > REF_CAPS / 2)
		return;
	explore_check(capability_manager_attenuate(&ring->transport, actor[p].manager, (cap_id){id},
						   SCENARIO_INTERFACE, mask, &made) == expected);
	if (expected != STATUS_OK)
		return;
	struct ref_authority smaller = cap->authority;
	smaller.methods &= mask;
	note(p, made.raw, smaller);
}

static struct object *object_of(unsigned p, cap_id id)
{
	struct cap_ref found;

	explore_check(cap_table_find(&actor[p].process->table, id, &found) == STATUS_OK);
	return found.view->object;
}

static void lends(unsigned p, struct ring_client *ring)
{
	uint64_t id = choose(p, -1);
	struct ref_cap *cap;
	struct ref_authority lent;
	enum status expected = ref_find(&ref, p, id, &cap);
	cap_id made = CAP_ID_NULL, revoker = CAP_ID_NULL;

	if (id == 0 || id == actor[p].manager.raw || held(p) > REF_CAPS / 2 || ref.gates > REF_GATES - 8)
		return;
	if (expected == STATUS_OK)
		expected = ref_lend(&ref, cap->authority, &lent);
	explore_check(capability_manager_make_revocable(&ring->transport, actor[p].manager, (cap_id){id}, 0,
							&made, &revoker) == expected);
	if (expected != STATUS_OK)
		return;
	quiesce_enter();
	gate_of[lent.gate] = object_of(p, revoker);
	object_get(gate_of[lent.gate]);
	quiesce_exit();
	note(p, made.raw, lent);
	note(p, revoker.raw,
	     (struct ref_authority){.kind = REF_REVOKER,
				    .object = (unsigned)lent.gate,
				    .methods = METHODS_ALL,
				    .gate = REF_NO_GATE});
}

static void order(unsigned p, enum caller_order what)
{
	store_release(&actor[p].order, (uint32_t)what);
	while (load_acquire(&actor[p].order) != ORDER_NONE)
		nap();
}

/* The completion is there exactly when the model says so. */
static void reaps(unsigned p)
{
	struct ref_call *call = &ref.call[p];

	if (call->state != REF_DONE || call->withdrawn)
		return;
	order(p, ORDER_REAP);
	explore_check(actor[p].came && actor[p].cqe.status == (int)call->status);
	explore_check((actor[p].cqe.flags == CAP_CQE_DELIVERED) == call->delivered);
	explore_check(actor[p].cqe.caps == call->came_count);
	for (unsigned i = 0; i < call->came_count; i++)
		note(p, actor[p].ids[i], call->came[i].authority);
	call->state = REF_NO_CALL;
}

static void revokes(unsigned p, struct ring_client *ring)
{
	uint64_t id = choose(p, REF_REVOKER), entries = 0, calls = 0, mappings = 0;
	struct ref_cap *cap;
	enum status expected = ref_find(&ref, p, id, &cap);

	if (id == actor[p].manager.raw || (expected == STATUS_OK && cap->authority.kind != REF_REVOKER))
		return;
	/* A revoker lent under a gate that it revokes itself: its own call dies with it, perhaps before it can report. */
	if (expected == STATUS_OK && cap->authority.gate != REF_NO_GATE)
		return;
	explore_check(revoker_revoke(&ring->transport, (cap_id){id}, &entries, &calls, &mappings) ==
		      expected);
	if (expected != STATUS_OK)
		return;
	struct ref_report report = ref_revoke(&ref, cap->authority.object);
	explore_check(entries == report.entries && calls == report.calls && mappings == 0);
	/* What such a call was to move comes back when its caller's thread looks. */
	for (unsigned q = 0; q < REF_PROCESSES; q++)
		if (ref.call[q].state == REF_DONE && !ref.call[q].delivered)
			reaps(q);
}

static void calls(unsigned p)
{
	struct ref_item items[REF_MESSAGE_CAPS] = {};
	uint64_t target = choose(p, REF_FACET);
	uint16_t method = (uint16_t)(host_random() % 8);
	unsigned count;

	if (ref.call[p].state != REF_NO_CALL || !is_callable(p, target))
		return;
	count = choose_items(p, items);
	describe(items, count, actor[p].desc);
	actor[p].sqe = (struct cap_sqe){.op = CAP_OP_CALL,
					.target = target,
					.interface_id = SCENARIO_INTERFACE,
					.method = method,
					.msg_len = 16,
					.buf_off = RESULT_AT,
					.buf_len = 512,
					.caps_off = 512,
					.caps_len = (uint16_t)count,
					.buf_caps = REF_MESSAGE_CAPS};
	enum status expected = ref_call(&ref, p, target, method, items, count);
	order(p, ORDER_CALL);
	explore_check(actor[p].came == (expected != STATUS_OK));
	if (actor[p].came)
		explore_check(actor[p].cqe.status == (int)expected);
}

static void receives(unsigned p, struct ring_client *ring)
{
	int from = ref_next_call(&ref, p);
	struct cap_call_header header;
	unsigned char *arena = (unsigned char *)ring->region + ring->region->arena_off;

	if (from < 0 || actor[p].token[from] != 0)
		return;
	/* Through its own full capability, which it never gives away. What was released or cancelled is told first. */
	struct cap_cqe cqe;
	do
		cqe = ring_do(ring, &(struct cap_sqe){.op = CAP_OP_RECV,
						      .target = actor[p].seen[0],
						      .buf_off = RECV_AT,
						      .buf_len = 512,
						      .buf_caps = REF_MESSAGE_CAPS,
						      .deadline_ns = host_now_ns() + 1000000});
	while (user_is_notice(cqe));
	const struct ref_call *call = &ref.call[from];

	explore_check(cqe.status == STATUS_OK && cqe.caps == call->sent_count);
	ref_deliver(&ref, (unsigned)from);
	actor[p].token[from] = cqe.token;
	__builtin_memcpy(&header, arena + RECV_AT, sizeof header);
	for (unsigned i = 0; i < cqe.caps; i++) {
		uint64_t id;

		__builtin_memcpy(&id, arena + RECV_AT + sizeof header + header.msg_len + 8 * i, 8);
		note(p, id, call->sent[i].authority);
	}
}

static void returns(unsigned p, struct ring_client *ring)
{
	unsigned from = (unsigned)(host_random() % REF_PROCESSES), count;
	struct ref_item items[REF_MESSAGE_CAPS] = {};
	struct cap_desc desc[REF_MESSAGE_CAPS];
	unsigned char *arena = (unsigned char *)ring->region + ring->region->arena_off;

	if (actor[p].token[from] == 0 || ref.gates > REF_GATES - 8)
		return;
	count = choose_items(p, items);
	describe(items, count, desc);
	__builtin_memcpy(arena + SEND_AT, desc, sizeof desc);
	enum status expected = ref_return(&ref, p, from, items, count);
	struct cap_cqe cqe = ring_do(ring, &(struct cap_sqe){.op = CAP_OP_RETURN,
							     .target = actor[p].token[from],
							     .msg_off = SEND_AT + 128,
							     .msg_len = 16,
							     .caps_off = SEND_AT,
							     .caps_len = (uint16_t)count});
	explore_check(cqe.status == (int)expected);
	if (expected == STATUS_OK)
		actor[p].token[from] = 0;
}

/* --- programs ------------------------------------------------------------------------------------------------------- */

static void act(unsigned p, struct ring_client *ring)
{
	switch (host_random() % 12) {
	case 0:
		duplicates(p, ring);
		break;
	case 1:
		releases(p, ring);
		break;
	case 2:
		attenuates(p, ring);
		break;
	case 3:
	case 4:
		lends(p, ring);
		break;
	case 5:
		revokes(p, ring);
		break;
	case 6:
	case 7:
		calls(p);
		break;
	case 8:
		reaps(p);
		break;
	case 9:
		receives(p, ring);
		break;
	default:
		returns(p, ring);
	}
}

static void acts(uint64_t region)
{
	struct cap_region *control = host_user_pointer(VADDR(region), REGION_BYTES, true);
	unsigned p = (unsigned)control->thread_arg;
	struct ring_client ring;

	ring_client_init(&ring, control);
	for (;;) {
		uint32_t now = load_acquire(&turn);

		if (now == NOBODY)
			break;
		if (now != p) {
			nap();
			continue;
		}
		act(p, &ring);
		compare();
		store_release(&turn, ++steps == STEPS ? NOBODY : (uint32_t)(host_random() % REF_PROCESSES));
	}
	store_release(&actor[p].order, (uint32_t)ORDER_END);
}

static void keep_completion(unsigned p, struct user_ring *ring, const struct cap_cqe *cqe)
{
	actor[p].came = true;
	actor[p].cqe = *cqe;
	for (unsigned i = 0; i < cqe->caps; i++)
		actor[p].ids[i] = user_arena_word(ring, RESULT_AT + cqe->len + 8 * i);
}

static void has_calls(uint64_t region)
{
	struct user_ring ring;
	unsigned p;

	user_ring_open(&ring, region);
	p = (unsigned)ring.thread_arg;
	for (;;) {
		uint32_t what = load_acquire(&actor[p].order);
		struct cap_cqe cqe;

		if (what == ORDER_END)
			return;
		if (what == ORDER_NONE) {
			nap();
			continue;
		}
		actor[p].came = false;
		if (what == ORDER_CALL) {
			user_arena_write(&ring, 512, actor[p].desc, sizeof actor[p].desc);
			user_submit(&ring, &actor[p].sqe);
		}
		user_enter(&ring, 0, 0);
		if (user_reap(&ring, &cqe))
			keep_completion(p, &ring, &cqe);
		store_release(&actor[p].order, (uint32_t)ORDER_NONE);
	}
}

/* --- the test ------------------------------------------------------------------------------------------------------- */

static cap_id manager_of(struct process *process)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	cap_id manager = CAP_ID_NULL;
	unsigned count;

	explore_check(memory_create(&process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (__builtin_strcmp(initial[i].name, "capabilityManager") == 0)
			manager = scenario_give(process, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
	return manager;
}

static void begin(void)
{
	static const char *const name[REF_PROCESSES] = {"ann", "ben", "cho"};

	scenario_begin(1 + (unsigned)(host_random() % 3));
	ref = (struct reference){};
	__builtin_memset(actor, 0, sizeof actor);
	__builtin_memset(gate_of, 0, sizeof gate_of);
	steps = 0;
	turn = 0;
	for (unsigned p = 0; p < REF_PROCESSES; p++) {
		actor[p].process = scenario_process(name[p]);
		actor[p].endpoint = scenario_endpoint(actor[p].process, MESSAGE, REF_MESSAGE_CAPS);
		actor[p].manager = manager_of(actor[p].process);
	}
	for (unsigned p = 0; p < REF_PROCESSES; p++) {
		cap_id id = scenario_give(actor[p].process, scenario_full(&actor[p].endpoint->object));

		note(p, id.raw, (struct ref_authority){REF_ENDPOINT, p, 0, METHODS_ALL, REF_NO_GATE});
		for (unsigned q = 0; q < REF_PROCESSES; q++) {
			id = scenario_give(actor[p].process, scenario_facet(actor[q].endpoint, 10 * q + p));
			note(p, id.raw,
			     (struct ref_authority){REF_FACET, q, 10 * q + p, METHODS_ALL, REF_NO_GATE});
		}
	}
	for (unsigned p = 0; p < REF_PROCESSES; p++)
		object_put(&actor[p].endpoint->object);
}

EXPLORE_TEST(kernel_and_reference_model_agree, 300)
{
	begin();
	for (unsigned p = 0; p < REF_PROCESSES; p++) {
		scenario_thread(actor[p].process, acts, p);
		scenario_thread(actor[p].process, has_calls, p);
	}
	scenario_run();
	explore_check(steps == STEPS);
	for (unsigned g = 0; g < REF_GATES; g++)
		if (gate_of[g] != NULL)
			object_put(gate_of[g]);
	scenario_end();
}

EXPLORE_MAIN
