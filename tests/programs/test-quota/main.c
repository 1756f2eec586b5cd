// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Ledgers against services: a process that others call takes all that it can get. It alone is refused, with a status;
 * who calls it, and everybody else, goes on; and when it has ended, everything is back. Shares: what a process with a
 * bounded spawner gives its children comes out of its own.
 */
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull

static struct raw raw;
static cap_id timer, manager;

static cap_id granted(const char *name)
{
	cap_id id = CAP_ID_NULL;

	(void)!runtime_cap(name, 0, &id);
	return id;
}

static bool is_notice(struct cap_cqe cqe)
{
	return cqe.status == STATUS_OK && (cqe.flags & (CAP_CQE_KIND_RELEASED | CAP_CQE_KIND_CANCELLED)) != 0;
}

static struct cap_cqe receive(cap_id endpoint, uint64_t ns)
{
	struct cap_sqe sqe = raw_recv(&raw, endpoint);
	struct cap_cqe cqe;

	sqe.deadline_ns = ns ? runtime_now() + ns : 0;
	do
		cqe = raw_do(&raw, sqe);
	while (is_notice(cqe));
	return cqe;
}

static cap_id template_at(cap_id endpoint)
{
	struct endpoint_template_results_reader made;
	struct rpc_call call;
	struct endpoint_template_params_builder p = endpoint_template_begin(&call, runtime_transport(),
									    endpoint);
	cap_id facets = CAP_ID_NULL;

	endpoint_method_set_builder_set_interface_id(
		endpoint_method_set_list_builder_at(endpoint_template_params_builder_init_interfaces(p, 1),
						    0),
		RAW_INTERFACE);
	if (endpoint_template_call(&call, &made) == STATUS_OK)
		facets = rpc_result_cap(&call, endpoint_template_results_reader_template(made));
	rpc_end(&call);
	return facets;
}

/* ---- Services ---- */

/* Answers each call with an object of its own. What it cannot pay for it says, in a word: the status of the RETURN. */
static int opens_objects(void)
{
	cap_id endpoint = granted("endpoint"), facets = template_at(endpoint);
	struct cap_desc *descs = raw_at(&raw, raw.caps);

	for (uint64_t key = 1;; key++) {
		struct cap_cqe cqe = receive(endpoint, 0);

		if (cqe.status != STATUS_OK)
			return 1;
		struct cap_sqe ret = raw_return(&raw, cqe.token, raw_fill(&raw, 1, 0));
		descs[0] = (struct cap_desc){.id = facets.raw, .kind = CAP_DESC_MINT, .path_or_key = key};
		ret.caps_off = raw.caps;
		ret.caps_len = 1;
		enum status status = raw_status(&raw, ret);
		if (status != STATUS_OK)
			(void)!raw_status(&raw,
					  raw_return(&raw, cqe.token, raw_fill(&raw, 1, (uint64_t)status)));
	}
}

/* Receives, and returns nothing; the exit code is what stops it. */
static int never_returns(void)
{
	for (;;) {
		struct cap_cqe cqe = raw_do(&raw, raw_recv(&raw, granted("endpoint")));

		if (cqe.status != STATUS_OK) {
			/* Stays, with what it has, until it is killed. */
			(void)!timer_sleep(runtime_transport(), timer, 3600'000 * MS);
			return -cqe.status;
		}
	}
}

/* Mints keys for itself and drops them, and never receives the notices: they wait in the kernel. */
static int piles_up_notices(void)
{
	cap_id endpoint, facets, facet;
	enum status status = raw_endpoint(256, 1, &endpoint, &facets);
	unsigned made = 0;

	for (; status == STATUS_OK && made < 10000; made++) {
		status = raw_mint(&raw, endpoint, facets, made, &facet);
		ring_release(raw.ring, facet);
	}
	return status == STATUS_NO_QUOTA && made > 50 && made < 300 ? 0 : 1;
}

static int attenuates_without_end(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;

	for (cap_id less; status == STATUS_OK && made < 10000; made++)
		status = capability_manager_attenuate(runtime_transport(), manager, timer, TIMER_INTERFACE_ID,
						      1, &less);
	return status == STATUS_NO_QUOTA && made < 300 ? 0 : 1;
}

/* ---- Shares ---- */

static enum status create(cap_id spawner, uint64_t pages, uint32_t objects, cap_id *process)
{
	struct process_spawner_create_results_reader r;
	struct rpc_call call;
	struct process_spawner_create_params_builder p = process_spawner_create_begin(
		&call, runtime_transport(), spawner);
	struct process_spawner_limits_builder limits = process_spawner_create_params_builder_init_limits(p);

	process_spawner_create_params_builder_set_name(p, MSG_TEXT("shared"));
	process_spawner_limits_builder_set_pages(limits, pages);
	process_spawner_limits_builder_set_objects(limits, objects);
	enum status status = process_spawner_create_call(&call, &r);
	*process = CAP_ID_NULL;
	if (status == STATUS_OK) {
		*process = rpc_result_cap(&call, process_spawner_create_results_reader_process(r));
		ring_release(raw.ring, rpc_result_cap(&call, process_spawner_create_results_reader_space(r)));
	}
	rpc_end(&call);
	return status;
}

/* Has 2000 pages and nothing but a bounded spawner. Bits of what held. */
static int shares(void)
{
	cap_id spawner = granted("processSpawner"), space = granted("virtualMemory"), a, b, c,
	       kept = CAP_ID_NULL;
	int held = 0;

	held |= create(spawner, 5000, 100, &a) == STATUS_NO_QUOTA ? 1 : 0; /* more than it has */
	enum status first = create(spawner, 900, 100, &a), second = create(spawner, 900, 100, &b);
	held |= first == STATUS_OK && second == STATUS_OK ? 2 : 0;
	held |= create(spawner, 900, 100, &c) == STATUS_NO_QUOTA ? 4 : 0; /* that much is not left */
	/* What its children have it has not. */
	enum status status = virtual_memory_create_memory(runtime_transport(), space, 4096 * 1000, &kept);
	uint64_t address = 0;
	if (status == STATUS_OK)
		status = virtual_memory_map(runtime_transport(), space, kept, 0, 4096 * 1000, 0,
					    VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &address);
	held |= status == STATUS_OK ? 8 : 0;
	ring_release(raw.ring, a);
	ring_release(raw.ring, b);
	ring_flush(raw.ring);
	/* And when they are gone it comes back; a moment later, with the last that looked at them. */
	uint64_t end = runtime_now() + 5000 * MS;
	do
		status = create(spawner, 1500, 100, &c);
	while (status == STATUS_NO_QUOTA && runtime_now() < end);
	held |= status == STATUS_OK ? 16 : 0;
	/* Touching its mapping now takes more than is left: the end, of this process alone. */
	for (unsigned i = 0; i < 1000; i++)
		*(volatile uint8_t *)(address + i * 4096ull) = 1;
	return held;
}

/* ---- Their parent ---- */

static cap_id start_limited(const char *role, const struct spawn_grant *more, struct spawn_limits limits)
{
	struct spawn_grant grants[] = {child_grant("timer"), child_grant("capabilityManager"),
				       child_grant_space(), more ? *more : (struct spawn_grant){}};
	cap_id handle = CAP_ID_NULL;

	(void)child_start(
		"test-quota",
		&(struct child_options){
			.grants = grants, .grant_count = more ? 4 : 3, .arguments = {role}, .limits = limits},
		&handle);
	return handle;
}

/* A call that brings an object, or the status for which there is none. */
static enum status open_object(cap_id service, cap_id *object)
{
	struct cap_sqe sqe = raw_call(&raw, service, 1, raw_fill(&raw, 0, 0));

	sqe.buf_caps = 1;
	sqe.deadline_ns = runtime_now() + 5000 * MS;
	struct cap_cqe cqe = raw_do(&raw, sqe);
	*object = raw_result_cap(&raw, &cqe, 0);
	if (cqe.status != STATUS_OK || cqe.caps == 1)
		return (enum status)cqe.status;
	return (enum status)((const uint64_t *)raw_at(&raw, raw.buffer))[1];
}

/* A service that hands out objects until it cannot pay for one: the calls go on, and what comes back can be given again. */
static void test_objects_of_a_service(void)
{
	cap_id endpoint, facets, service, objects[64];
	uint32_t made = 0;
	enum status status = STATUS_OK;

	(void)!raw_endpoint(256, 1, &endpoint, &facets);
	(void)!raw_mint(&raw, endpoint, facets, 0, &service);
	struct spawn_grant more = child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID);
	cap_id child = start_limited("opens-objects", &more, (struct spawn_limits){.objects = 60});
	for (; status == STATUS_OK && made < 64; made += status == STATUS_OK)
		status = open_object(service, &objects[made]);
	tap_ok(status == STATUS_NO_QUOTA && made >= 10 && made < 60,
	       "a service mints until its own ledger is exhausted: NO_QUOTA, %u objects", made);
	cap_id one;
	tap_is(open_object(service, &one), STATUS_NO_QUOTA, "it still answers");
	(void)!capability_manager_attenuate(runtime_transport(), manager, timer, TIMER_INTERFACE_ID, 1, &one);
	tap_ok(one.raw, "and nobody else is refused anything");
	ring_release(raw.ring, one);
	for (uint32_t i = 0; i < made; i++)
		ring_release(raw.ring, objects[i]);
	ring_flush(raw.ring);
	uint64_t end = runtime_now() + 5000 * MS;
	while ((status = open_object(service, &one)) == STATUS_NO_QUOTA && runtime_now() < end)
		;
	tap_is(status, STATUS_OK, "when its objects come back it can give others");
	ring_release(raw.ring, one);
	(void)!spawn_kill(runtime_transport(), child, 1);
	(void)child_wait(child);
	ring_release(raw.ring, service);
	ring_release(raw.ring, facets);
	ring_release(raw.ring, endpoint);
}

static void test_calls_of_a_service(void)
{
	cap_id endpoint, facets, service;
	struct raw_remote callers[6];

	(void)!raw_endpoint(256, 1, &endpoint, &facets);
	(void)!raw_mint(&raw, endpoint, facets, 0, &service);
	struct spawn_grant more = child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID);
	cap_id child = start_limited("never-returns", &more, (struct spawn_limits){.calls = 4});
	for (unsigned i = 0; i < 6; i++) {
		callers[i] = (struct raw_remote){.target = service,
						 .deadline_ns = runtime_now() + 3600'000 * MS};
		(void)!raw_remote_start(&callers[i]);
	}
	(void)!timer_sleep(runtime_transport(), timer, 50 * MS);
	(void)!spawn_kill(runtime_transport(), child, 1);
	(void)child_wait(child);
	/* Four were with it; the others wait for the next who receives, and that is us. */
	unsigned disconnected = 0, answered = 0;
	struct cap_cqe cqe;
	while ((cqe = receive(endpoint, 300 * MS)).status == STATUS_OK)
		(void)!raw_status(&raw, raw_return(&raw, cqe.token, raw_fill(&raw, 0, 0)));
	for (unsigned i = 0; i < 6; i++) {
		raw_remote_join(&callers[i]);
		disconnected += callers[i].cqe.status == STATUS_DISCONNECTED;
		answered += callers[i].cqe.status == STATUS_OK;
	}
	tap_ok(disconnected <= 4 && disconnected + answered == 6,
	       "a service that returns nothing has four calls at most: its successor gets the rest (%u, %u)",
	       disconnected, answered);
	ring_release(raw.ring, service);
	ring_release(raw.ring, facets);
	ring_release(raw.ring, endpoint);
}

static void test_one(const char *role, const char *what)
{
	cap_id child = start_limited(role, nullptr, (struct spawn_limits){.objects = 200});
	struct spawn_exit e = child_wait(child);

	tap_ok(e.reason == 1 && e.code == 0, "%s (%lld)", what, (long long)e.code);
}

static void test_shares(void)
{
	cap_id bounded = CAP_ID_NULL;

	tap_is(process_spawner_bounded(runtime_transport(), granted("processSpawner"), &bounded), STATUS_OK,
	       "spawner.bounded");
	struct spawn_grant more = child_grant_as("processSpawner", bounded, PROCESS_SPAWNER_INTERFACE_ID);
	cap_id child = start_limited("shares", &more, (struct spawn_limits){.pages = 2000, .objects = 1000});
	struct spawn_exit e = child_wait(child);
	tap_ok(e.reason == 10,
	       "a process whose children have its share runs out of memory, alone (reason %u, code %lld)",
	       e.reason, (long long)e.code);
	child = start_limited("shares", &more, (struct spawn_limits){.pages = 4000, .objects = 1000});
	e = child_wait(child);
	tap_ok(e.reason == 1 && e.code == (1 | 2 | 8 | 16),
	       "with more, two children and one after them fit (reason %u, code %lld)", e.reason,
	       (long long)e.code);
	ring_release(raw.ring, bounded);
}

static void test_all(void)
{
	test_objects_of_a_service();
	test_one("piles-up-notices", "notices that nobody receives are paid for by who minted");
	test_one("attenuates", "views are paid for by who attenuates");
	test_shares();
}

int main(void)
{
	raw = raw_start();
	timer = granted("timer");
	manager = granted("capabilityManager");
	if (runtime_argument_count() > 0) {
		struct msg_text what = runtime_argument(0);

		if (msg_text_equal(what, MSG_TEXT("opens-objects")))
			return opens_objects();
		if (msg_text_equal(what, MSG_TEXT("never-returns")))
			return never_returns();
		if (msg_text_equal(what, MSG_TEXT("piles-up-notices")))
			return piles_up_notices();
		if (msg_text_equal(what, MSG_TEXT("attenuates")))
			return attenuates_without_end();
		return msg_text_equal(what, MSG_TEXT("shares")) ? shares() : 99;
	}
	tap_start();
	child_start_up();
	test_calls_of_a_service(); /* keeps what it needs for six threads of our own */
	test_all();                /* what is made once is made now */
	struct child_counts before = child_counts();
	test_all();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
	return tap_end();
}
