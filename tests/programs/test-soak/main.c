// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Soak: a thousand processes with ten thousand endpoints live while storms go over some of them for as many seconds as the argument says:
 * calls, transfers, revocations, kills, memory and capabilities taken until there is none. Then all of them end, and every count
 * of the machine is what it was.
 *
 * The first process has what init gives one; it starts a second with a large ledger, which does all that.
 */
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull
#define POPULATION 1000u
#define ENDPOINTS 10u /* of each */
#define WORKERS 16u
#define ROUNDS_LEAST 256u
#define LARGE_PAGES (1ull << 20)

static struct raw raw;
static cap_id timer, manager;

static cap_id granted(const char *name)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap(name, 0, &id);
	return id;
}

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull; /* Knuth's MMIX */
	return (uint32_t)(state >> 33) % n;
}

/* ---- Children ---- */

/* One of the thousand: has its endpoints, and stays. */
static int lives(void)
{
	cap_id endpoint, facets;

	for (unsigned i = 0; i < ENDPOINTS; i++) {
		if (raw_endpoint(64, 0, &endpoint, &facets) != STATUS_OK)
			return 1;
		ring_release(raw.ring, facets);
	}
	ring_flush(raw.ring);
	(void)raw_do(&raw,
		     raw_recv(&raw, endpoint)); /* not a sleep: kernel timers' room, once grown, stays */
	return 0;
}

/* Answers each call with the message's first word; keeps the last capability that came. */
static int serves(void)
{
	cap_id kept = CAP_ID_NULL;

	for (;;) {
		struct cap_cqe cqe = raw_do(&raw, raw_recv(&raw, granted("endpoint")));

		if (cqe.status != STATUS_OK)
			return 1;
		if (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED))
			continue;
		uint64_t word = ((const uint64_t *)raw_message_of(&raw))[1];
		if (cqe.caps == 1) {
			ring_release(raw.ring, kept);
			kept = raw_received_cap(&raw, 0);
		}
		(void)!raw_status(&raw, raw_return(&raw, cqe.token, raw_fill(&raw, 1, word)));
	}
}

/* Maps more than there is, and touches it: the end. */
static int takes_memory(void)
{
	cap_id space = granted("virtualMemory"), memory;
	uint64_t bytes = 4096 * (LARGE_PAGES / 2), address = 0;

	if (virtual_memory_create_memory(runtime_transport(), space, bytes, &memory) != STATUS_OK ||
	    virtual_memory_map(runtime_transport(), space, memory, 0, bytes, 0,
			       VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address) != STATUS_OK)
		return 1;
	for (uint64_t at = 0; at < bytes; at += 4096)
		*(volatile uint8_t *)(address + at) = 1;
	return 2;
}

static int takes_capabilities(void)
{
	enum status status;
	cap_id copy;

	do
		status = ring_dup(raw.ring, timer, &copy);
	while (status == STATUS_OK);
	return status == STATUS_NO_QUOTA ? 0 : 1;
}

/* ---- Their parent ---- */

static struct worker {
	cap_id handle, endpoint, service;
} workers[WORKERS];
static cap_id population[POPULATION];
static uint64_t calls, transfers, revocations, kills, exhausted, wrong;

static cap_id start(const char *role, const struct spawn_grant *more, struct spawn_limits limits)
{
	struct spawn_grant grants[] = {child_grant("timer"), child_grant("capabilityManager"),
				       child_grant_space(), more ? *more : (struct spawn_grant){}};
	struct child_options options = {
		.grants = grants, .grant_count = more ? 4 : 3, .arguments = {role}, .limits = limits};
	cap_id handle = CAP_ID_NULL;

	(void)!child_start("test-soak", &options, &handle);
	return handle;
}

/* However long that takes: child_wait gives up after a while. */
static struct spawn_exit ended(cap_id handle)
{
	struct spawn_exit exit = {};

	(void)!spawn_wait(runtime_transport(), handle, 0, &exit);
	ring_release(raw.ring, handle);
	return exit;
}

static void end(cap_id handle)
{
	(void)!spawn_kill(runtime_transport(), handle, 1);
	(void)ended(handle);
}

static bool start_worker(struct worker *worker)
{
	cap_id facets;

	if (raw_endpoint(256, 1, &worker->endpoint, &facets) != STATUS_OK)
		return false;
	bool good = raw_mint(&raw, worker->endpoint, facets, 0, &worker->service) == STATUS_OK;
	struct spawn_grant more = child_grant_as("endpoint", worker->endpoint, ENDPOINT_INTERFACE_ID);
	worker->handle = start("serves", &more, (struct spawn_limits){});
	ring_release(raw.ring, facets);
	ring_release(raw.ring, worker->endpoint); /* the worker's alone: it ends with it */
	ring_flush(raw.ring);
	return good && worker->handle.raw != 0;
}

/* A call with a capability or none, which is answered. */
static void ask(const struct worker *worker, cap_id sent)
{
	uint64_t word = below(1u << 30);
	struct cap_sqe sqe = raw_call(&raw, worker->service, 1, raw_fill(&raw, 1, word));

	if (sent.raw != 0) {
		*(struct cap_desc *)raw_at(&raw, raw.caps) = (struct cap_desc){.id = sent.raw,
									       .kind = CAP_DESC_COPY};
		sqe.caps_off = raw.caps;
		sqe.caps_len = 1;
	}
	struct cap_cqe cqe = raw_do(&raw, sqe);
	wrong += cqe.status != STATUS_OK || ((const uint64_t *)raw_at(&raw, raw.buffer))[1] != word;
	calls++;
}

/* Lends the timer to a worker for as long as it takes to revoke it. */
static void lend_and_revoke(const struct worker *worker)
{
	struct capability_manager_make_revocable_results_reader made;
	struct rpc_call call;
	cap_id lent = CAP_ID_NULL, revoker = CAP_ID_NULL;
	uint64_t entries = 0, pending = 0, mappings = 0;

	capability_manager_make_revocable_params_builder_set_capability(
		capability_manager_make_revocable_begin(&call, runtime_transport(), manager),
		rpc_add_cap(&call, timer));
	if (capability_manager_make_revocable_call(&call, &made) == STATUS_OK) {
		lent = rpc_result_cap(&call,
				      capability_manager_make_revocable_results_reader_capability(made));
		revoker = rpc_result_cap(&call,
					 capability_manager_make_revocable_results_reader_revoker(made));
	}
	rpc_end(&call);
	ask(worker, lent);
	wrong += revoker_revoke(runtime_transport(), revoker, &entries, &pending, &mappings) != STATUS_OK;
	wrong += entries != 2; /* ours and the worker's */
	ring_release(raw.ring, lent);
	ring_release(raw.ring, revoker);
	revocations++;
}

static void kill_and_replace(struct worker *worker)
{
	end(worker->handle);
	struct cap_cqe cqe = raw_do(&raw, raw_call(&raw, worker->service, 1, raw_fill(&raw, 1, 0)));
	wrong += cqe.status != STATUS_DISCONNECTED;
	ring_release(raw.ring, worker->service);
	wrong += !start_worker(worker);
	kills++;
}

/* All memory, or all capabilities of its own, by one process: the others go on. */
static void exhaust(void)
{
	if (exhausted % 2 == 0) {
		struct spawn_exit e = ended(
			start("takes-memory", nullptr, (struct spawn_limits){.pages = LARGE_PAGES}));
		wrong += e.reason != 10; /* outOfMemory */
	} else {
		struct spawn_exit e = ended(start("takes-capabilities", nullptr, (struct spawn_limits){}));
		wrong += e.reason != 1 || e.code != 0;
	}
	exhausted++;
}

static void storm(uint64_t until)
{
	for (unsigned round = 0; round < ROUNDS_LEAST || runtime_now() < until; round++) {
		struct worker *worker = &workers[below(WORKERS)];
		uint32_t what = below(256);

		if (what == 0 || round == 0 || round == 1)
			exhaust();
		else if (what < 8)
			kill_and_replace(worker);
		else if (what < 40)
			lend_and_revoke(worker);
		else
			ask(worker, what < 100 ? timer : CAP_ID_NULL);
		transfers += what >= 40 && what < 100;
	}
}

static bool populate(void)
{
	struct child_counts before = child_counts(), now;
	uint64_t until = runtime_now() + 600'000 * MS;

	for (unsigned i = 0; i < POPULATION; i++)
		if ((population[i] = start("lives", nullptr, (struct spawn_limits){})).raw == 0)
			return false;
	do {
		(void)!timer_sleep(runtime_transport(), timer, 20 * MS);
		now = child_counts();
	} while (now.objects < before.objects + POPULATION * ENDPOINTS && runtime_now() < until);
	return now.processes == before.processes + POPULATION &&
	       now.objects >= before.objects + POPULATION * ENDPOINTS;
}

static uint64_t number(struct msg_text text)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < text.len; i++)
		n = n * 10 + (uint64_t)(text.ptr[i] - '0');
	return n;
}

/* All of it, from nothing to nothing. */
static void live(uint64_t seconds)
{
	bool good = true;

	tap_ok(populate(), "a thousand processes have ten thousand endpoints");
	for (unsigned i = 0; i < WORKERS; i++)
		good &= start_worker(&workers[i]);
	tap_ok(good, "and others serve");
	storm(runtime_now() + seconds * 1000 * MS);
	tap_ok(wrong == 0,
	       "storms: every call answered, every revocation counts, every dead server is missed (%lu wrong)",
	       (unsigned long)wrong);
	for (unsigned i = 0; i < WORKERS; i++) {
		end(workers[i].handle);
		ring_release(raw.ring, workers[i].service);
	}
	for (unsigned i = 0; i < POPULATION; i++)
		end(population[i]);
	ring_flush(raw.ring);
}

static int soaks(void)
{
	tap_start();
	child_start_up();
	live(0); /* what is made once is made now: tables that grow, caches that keep a page */
	struct child_counts before = child_counts();
	live(number(runtime_argument(1)));
	tap_note("%lu calls, %lu transfers, %lu revocations, %lu kills, %lu exhaustions",
		 (unsigned long)calls, (unsigned long)transfers, (unsigned long)revocations,
		 (unsigned long)kills, (unsigned long)exhausted);
	tap_ok(child_counts_return(&before), "and every count returns to the baseline");
	return tap_end();
}

static int start_soaking(void)
{
	struct spawn_grant grants[] = {child_grant("console"),
				       child_grant("timer"),
				       child_grant("systemInfo"),
				       child_grant("capabilityManager"),
				       child_grant("processSpawner"),
				       child_grant("bootPackage"),
				       child_grant_space()};
	char seconds[12] = {};
	struct msg_text text = runtime_argument(0);

	for (uint32_t i = 0; i < text.len && i < sizeof(seconds) - 1; i++)
		seconds[i] = text.ptr[i];
	child_start_up();
	struct child_options options = {
		.grants = grants,
		.grant_count = sizeof(grants) / sizeof(grants[0]),
		.arguments = {"soaks", seconds},
		.limits = {.capabilities = 8192, .objects = 32768, .processes = 2048}};
	struct spawn_exit e = {};
	cap_id handle;
	if (child_start("test-soak", &options, &handle) == STATUS_OK)
		e = ended(handle);
	return e.reason == 1 ? (int)e.code : 1;
}

int main(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} roles[] = {{"soaks", soaks},
		     {"lives", lives},
		     {"serves", serves},
		     {"takes-memory", takes_memory},
		     {"takes-capabilities", takes_capabilities}};
	struct msg_text role = runtime_argument(0);

	raw = raw_start();
	timer = granted("timer");
	manager = granted("capabilityManager");
	for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (msg_text_equal(role, msg_text_from(roles[i].name)))
			return roles[i].run();
	return start_soaking();
}
