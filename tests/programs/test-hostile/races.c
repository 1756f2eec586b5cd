// SPDX-License-Identifier: MIT OR Apache-2.0
/* Two threads of one process against each other: what the kernel reads changes while it reads it. */
#include "hostile.h"

static volatile bool go, stop;
static struct bare *target_ring;

/* Every byte of the other's queue, over and over. */
static int64_t flips_entries(void *argument)
{
	volatile uint8_t *bytes = (volatile uint8_t *)target_ring->sq;
	unsigned len = target_ring->sq_count * sizeof(struct cap_sqe);

	(void)argument;
	while (!go) /* until the other has done with the ring client */
		__asm__ volatile("pause");
	while (!stop)
		for (unsigned i = 0; i < len && !stop; i++)
			bytes[i] ^= (uint8_t)(1u << (i & 7));
	return 0;
}

static int64_t flips_messages(void *argument)
{
	volatile uint64_t *words = (volatile uint64_t *)(void *)target_ring->arena;

	(void)argument;
	while (!go) /* until the other has done with the ring client */
		__asm__ volatile("pause");
	while (!stop)
		for (unsigned i = 0; i < 128 && !stop; i++)
			words[i] ^= 1ull << (i & 63);
	return 0;
}

static int64_t flips_indexes(void *argument)
{
	(void)argument;
	while (!go) /* until the other has done with the ring client */
		__asm__ volatile("pause");
	/* Only tails that are possible: behind the present one there is always something to take. */
	while (!stop)
		__atomic_store_n(&target_ring->region->cq_tail, (uint32_t)dice(), __ATOMIC_RELEASE);
	return 0;
}

static int against(int64_t (*other)(void *), unsigned rounds, bool entries)
{
	static struct bare b;
	struct thread t;
	struct cap_cqe cqe;

	b = bare_start();
	target_ring = &b;
	if (thread_start(&t, other, nullptr, nullptr) != STATUS_OK)
		return 1;
	b = bare_start(); /* thread_start has used the ring */
	go = true;
	for (unsigned round = 0; round < rounds; round++) {
		memset(b.arena, 0, 64);
		for (unsigned i = 0; i < 8; i++)
			bare_push(&b, (struct cap_sqe){
					      .op = entries ? CAP_OP_NOP : CAP_OP_CALL,
					      .method = entries ? 0 : TIMER_NOW,
					      .target = entries ? 0 : w.timer.raw,
					      .interface_id = entries ? 0 : TIMER_INTERFACE_ID,
					      .msg_len = entries ? 0 : 64,
					      .buf_off = entries ? 0 : 2048 + i * 256,
					      .buf_len = entries ? 0 : 256,
					      .user_data = i,
				      });
		bare_enter(&b, 0, 0);
		if (other != flips_indexes) {
			while (bare_reap(&b, &cqe))
				;
		} else {
			b.reaped += 8; /* the tail is not to be read: all eight have come */
			__atomic_store_n(&b.region->cq_head, b.reaped, __ATOMIC_RELEASE);
		}
	}
	stop = true;
	/* The other thread ends by itself, or with the process. */
	runtime_cap_exit(0, CAP_EXIT_PROCESS);
}

static int entries_flip(void)
{
	return against(flips_entries, 3000, true);
}

static int messages_flip(void)
{
	return against(flips_messages, 3000, false);
}

static int tail_flips(void)
{
	return against(flips_indexes, 3000, false);
}

/* ---- The table ---- */

static volatile uint64_t shared_id;

static int64_t makes_and_drops(void *argument)
{
	(void)argument;
	while (!stop) {
		cap_id copy;

		if (ring_dup(runtime_ring(), w.timer, &copy) != STATUS_OK)
			continue;
		shared_id = copy.raw;
		for (unsigned i = 0; i < dice() % 200; i++)
			__asm__ volatile("pause");
		ring_release(runtime_ring(), copy);
		ring_flush(runtime_ring());
	}
	return 0;
}

/* One thread releases what another is just using: as target, as argument, to duplicate. */
static int uses_what_another_releases(void)
{
	struct capability_manager_describe_results_reader results;
	struct thread t;
	unsigned good = 0, other = 0;

	if (thread_start(&t, makes_and_drops, nullptr, nullptr) != STATUS_OK)
		return 1;
	uint64_t start = runtime_now();
	for (unsigned i = 0; runtime_now() < start + (good ? 400 : 5000) * MS; i++) {
		cap_id id = {shared_id}, copy;
		enum status status;
		uint64_t ns;

		if (i % 3 == 0) {
			status = timer_now(w.t, id, &ns);
		} else if (i % 3 == 1) {
			status = ring_dup(runtime_ring(), id, &copy);
			ring_release(runtime_ring(), copy);
		} else {
			struct rpc_call call;
			struct capability_manager_describe_params_builder p =
				capability_manager_describe_begin(&call, w.t, w.manager);

			capability_manager_describe_params_builder_set_capability(p, rpc_add_cap(&call, id));
			status = capability_manager_describe_call(&call, &results);
			rpc_end(&call);
		}
		good += status == STATUS_OK;
		other += status != STATUS_OK && status != STATUS_BAD_ID && status != STATUS_EXCEPTION;
	}
	stop = true;
	(void)!thread_join(&t, nullptr);
	return good > 0 && other == 0 ? 0 : 2;
}

/* ---- What is lent ---- */

static volatile uint64_t lent_id, revoked_round, uses;

/* Sometimes until the other has tried once from beginning to end, so that it meets what lives and what is dead, however
 * few turns it gets; otherwise at any moment. */
static void leave_time(void)
{
	uint64_t seen = uses;

	if (dice() % 4 == 0)
		while (!stop && uses < seen + 2)
			__asm__ volatile("pause");
	for (unsigned i = 0; i < dice() % 300; i++)
		__asm__ volatile("pause");
}

/* Lends, and takes back, again and again; says when the taking back was over. */
static int64_t lends_and_revokes(void *argument)
{
	uint64_t entries, calls, mappings;

	(void)argument;
	while (!stop) {
		cap_id lent, revoker;

		if (capability_manager_make_revocable(runtime_transport(), w.manager, w.timer, 0, &lent,
						      &revoker) != STATUS_OK)
			continue;
		lent_id = lent.raw;
		leave_time();
		(void)!revoker_revoke(runtime_transport(), revoker, &entries, &calls, &mappings);
		revoked_round = lent.raw;
		leave_time();
		ring_release(runtime_ring(), revoker);
		ring_release(runtime_ring(), lent);
		ring_flush(runtime_ring());
	}
	return 0;
}

/* Once revoke has returned, no call through what was lent succeeds. */
static int uses_what_another_revokes(void)
{
	struct thread t;
	unsigned good = 0, refused = 0;

	if (thread_start(&t, lends_and_revokes, nullptr, nullptr) != STATUS_OK)
		return 1;
	/* On a loaded machine the other thread may be long in coming. */
	uint64_t start = runtime_now();
	while (runtime_now() < start + 400 * MS ||
	       ((good == 0 || refused == 0) && runtime_now() < start + 20000 * MS)) {
		uint64_t ns, dead = revoked_round;
		cap_id id = {lent_id};
		enum status status = timer_now(w.t, id, &ns);

		uses++;

		if (status == STATUS_OK && id.raw == dead)
			return 2;
		good += status == STATUS_OK;
		refused += status == STATUS_REVOKED || status == STATUS_BAD_ID;
		if (status != STATUS_OK && status != STATUS_REVOKED && status != STATUS_BAD_ID)
			return 3;
	}
	stop = true;
	(void)!thread_join(&t, nullptr);
	return good > 0 && refused > 0 ? 0 : 4;
}

/* ---- Completion, cancellation, deadline ---- */

struct tally {
	struct ring_op op; /* first */
	uint32_t completions;
};

static void count(struct ring_op *op, const struct cap_cqe *cqe)
{
	struct tally *t = (struct tally *)(void *)op;

	(void)cqe;
	t->completions++;
}

static cap_id bits;

static int64_t signals(void *argument)
{
	(void)argument;
	while (!stop) {
		ring_signal_bits(runtime_ring(), bits, 1ull << (dice() % 8));
		ring_flush(runtime_ring());
	}
	return 0;
}

/* Each WAIT is raced for by a signal, its deadline and a CANCEL; each completes exactly once. */
static int races_for_completion(void)
{
	struct ring_client *ring = runtime_ring();
	struct tally tally = {.op.complete = count};
	struct thread t;
	uint32_t submitted = 0;

	if (capability_manager_create_notification(w.t, w.manager, &bits) != STATUS_OK ||
	    thread_start(&t, signals, nullptr, nullptr) != STATUS_OK)
		return 1;
	uint64_t end = runtime_now() + 400 * MS;
	while (runtime_now() < end || submitted <= 10) {
		uint64_t sequence = ring_submit(ring,
						&(struct cap_sqe){
							.op = CAP_OP_WAIT,
							.target = bits.raw,
							.interface_id = 1ull << (dice() % 8),
							.deadline_ns = runtime_now() + dice() % 20000,
						},
						&tally.op);
		submitted++;
		if (dice() % 2)
			ring_submit(ring, &(struct cap_sqe){.op = CAP_OP_CANCEL, .target = sequence},
				    nullptr);
		while (tally.completions != submitted)
			ring_wait(ring, runtime_now() + 100 * MS);
	}
	stop = true;
	(void)!thread_join(&t, nullptr);
	return submitted > 10 && tally.completions == submitted ? 0 : 2;
}

/* ---- Memory ---- */

static cap_id memory;
static uint64_t window;

static int64_t maps_and_unmaps(void *argument)
{
	uint64_t address;

	(void)argument;
	while (!stop) {
		if (virtual_memory_map(runtime_transport(), w.space, memory, 0, 16 * 4096, 0,
				       VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address) != STATUS_OK)
			continue;
		*(volatile uint64_t *)address = 1;
		(void)!virtual_memory_unmap(runtime_transport(), w.space, address, 16 * 4096);
	}
	return 0;
}

/* Two threads map, touch and unmap the same memory; a third looks at everything that can be looked at. */
static int maps_against_itself(void)
{
	struct thread t[2];

	(void)window;
	if (virtual_memory_create_memory(w.t, w.space, 16 * 4096, &memory) != STATUS_OK)
		return 1;
	for (unsigned i = 0; i < 2; i++)
		if (thread_start(&t[i], maps_and_unmaps, nullptr, nullptr) != STATUS_OK)
			return 2;
	uint64_t end = runtime_now() + 400 * MS;
	while (runtime_now() < end)
		(void)child_counts();
	stop = true;
	for (unsigned i = 0; i < 2; i++)
		(void)!thread_join(&t[i], nullptr);
	return 0;
}

static volatile uint64_t source_id;

static int64_t makes_and_drops_memory(void *argument)
{
	(void)argument;
	while (!stop) {
		cap_id made;

		if (virtual_memory_create_memory(runtime_transport(), w.space, 65536, &made) != STATUS_OK)
			continue;
		(void)!memory_object_write(runtime_transport(), made, 0,
					   (struct msg_data){(const uint8_t *)"source", 6});
		source_id = made.raw;
		for (unsigned i = 0; i < dice() % 500; i++)
			__asm__ volatile("pause");
		ring_release(runtime_ring(), made);
		ring_flush(runtime_ring());
	}
	return 0;
}

/* Pages are read while their last owner lets go of them. */
static int copies_what_another_releases(void)
{
	struct thread t;
	unsigned good = 0;

	if (virtual_memory_create_memory(w.t, w.space, 65536, &memory) != STATUS_OK ||
	    thread_start(&t, makes_and_drops_memory, nullptr, nullptr) != STATUS_OK)
		return 1;
	uint64_t start = runtime_now();
	while (runtime_now() < start + (good ? 400 : 5000) * MS)
		good += memory_object_copy_from(w.t, memory, (cap_id){source_id}, 0, 0, 65536) == STATUS_OK;
	stop = true;
	(void)!thread_join(&t, nullptr);
	return good > 0 ? 0 : 2;
}

/* ---- Cycles ---- */

/* An endpoint's receiving end waits in a message that is queued at that endpoint: nobody else holds it. */
static int cycle(unsigned length)
{
	struct raw raw = raw_start();
	cap_id endpoints[5], templates[5], facets[5];
	struct cap_desc *descs = raw_at(&raw, raw.caps);

	for (unsigned i = 0; i < length; i++)
		if (raw_endpoint(256, 2, &endpoints[i], &templates[i]) != STATUS_OK ||
		    raw_mint(&raw, endpoints[i], templates[i], i, &facets[i]) != STATUS_OK)
			return 1;
	for (unsigned i = 0; i < length; i++) {
		struct cap_sqe sqe = raw_call(&raw, facets[i], 0, raw_fill(&raw, 0, 0));

		descs[0] = (struct cap_desc){.id = endpoints[(i + 1) % length].raw};
		descs[1] = (struct cap_desc){.id = facets[(i + 1) % length].raw};
		sqe.caps_off = raw.caps;
		sqe.caps_len = 2;
		ring_submit(raw.ring, &sqe, nullptr);
		ring_flush(raw.ring);
	}
	for (unsigned i = 0; i < length; i++) {
		ring_release(raw.ring, endpoints[i]);
		ring_release(raw.ring, templates[i]);
		ring_release(raw.ring, facets[i]);
	}
	ring_flush(raw.ring);
	return 0;
}

static int cycle_of_one(void)
{
	return cycle(1);
}

static int cycle_of_two(void)
{
	return cycle(2);
}

static int cycle_of_five(void)
{
	return cycle(5);
}

const struct victim race_victims[] = {
	{"flips its submissions while it submits them", entries_flip, FAULT(EXIT), 0, FAULT(PROTOCOL), {}},
	{"flips its messages while it sends them", messages_flip, FAULT(EXIT), 0, 0, {}},
	{"flips the tail of its completions", tail_flips, FAULT(EXIT), 0, 0, {}},
	{"uses capabilities that another thread releases", uses_what_another_releases, FAULT(EXIT), 0, 0, {}},
	{"races signal, deadline and cancellation", races_for_completion, FAULT(EXIT), 0, 0, {}},
	{"maps and unmaps from two threads", maps_against_itself, FAULT(EXIT), 0, 0, {}},
	{"uses what another thread revokes", uses_what_another_revokes, FAULT(EXIT), 0, 0, {}},
	{"copies memory that another thread releases", copies_what_another_releases, FAULT(EXIT), 0, 0, {}},
	{"leaves an endpoint in a message to itself", cycle_of_one, FAULT(EXIT), 0, 0, {}},
	{"leaves two endpoints in messages to each other", cycle_of_two, FAULT(EXIT), 0, 0, {}},
	{"leaves a ring of five endpoints", cycle_of_five, FAULT(EXIT), 0, 0, {}},
};
const uint32_t race_victim_count = sizeof(race_victims) / sizeof(race_victims[0]);
