// SPDX-License-Identifier: MIT OR Apache-2.0
/* Services with too little (testing/poor.h). */
#include <runtime/service.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <testing/poor.h>
#include <testing/tap.h>

/* What it has too little of. */
struct resource {
	const char *name;
	uint32_t step, most; /* tried: each step-th number up to that */
	void (*limit)(struct spawn_limits *limits, uint32_t n);
};

static void limit_objects(struct spawn_limits *limits, uint32_t n)
{
	limits->objects = n;
}

static void limit_capabilities(struct spawn_limits *limits, uint32_t n)
{
	limits->capabilities = n;
}

static void limit_pages(struct spawn_limits *limits, uint32_t n)
{
	limits->pages = n;
}

static const struct resource resources[] = {
	{"kernel objects", 1, 150, limit_objects},
	{"capabilities", 1, 150, limit_capabilities},
	{"pages", 3, 1000, limit_pages},
};

static int refused;
static bool unexpected, answered;

/* One that could not begin is DISCONNECTED from the start. */
bool poor_done(enum status status, unsigned outcome)
{
	answered |= status == STATUS_OK || status == STATUS_EXCEPTION;
	unexpected |= status != STATUS_OK && status != STATUS_EXCEPTION &&
		      (status != STATUS_DISCONNECTED || answered);
	refused += status != STATUS_OK || outcome != 0;
	return status == STATUS_OK && outcome == 0;
}

void poor_noted(unsigned outcome)
{
	refused += outcome != 0;
}

int poor_exit_code(void)
{
	return unexpected ? POOR_UNEXPECTED : refused;
}

struct poor_run {
	bool good, started, lasted;
	bool faulted; /* ended by a page that it could not have */
	int refused;
};

static cap_id start_service(const struct poor_service *s, struct spawn_limits limits, cap_id endpoint)
{
	struct spawn_grant grants[3] = {child_grant_space(), child_grant("capabilityManager"),
					child_grant_as("endpoint", endpoint, ENDPOINT_INTERFACE_ID)};
	cap_id handle = {};

	grants[2].max_message = s->max_message;
	grants[2].max_caps = 16;
	(void)!child_start(
		s->program,
		&(struct child_options){
			.grants = grants, .grant_count = 3, .limits = limits, .arguments = {s->argument}},
		&handle);
	return handle;
}

static struct spawn_exit run_client(const struct poor_service *s, const cap_id templates[POOR_FACETS])
{
	struct spawn_grant grants[3 + POOR_FACETS] = {child_grant_space(), child_grant("capabilityManager"),
						      child_grant("console")};
	uint32_t count = 3;

	for (uint32_t i = 0; i < POOR_FACETS && s->facets[i].name; i++, count++) {
		grants[count] = child_grant_as(s->facets[i].name, templates[i], s->facets[i].interface_id);
		grants[count].kind = SPAWN_GRANT_MINT;
		grants[count].key = s->facets[i].key;
	}
	return child_run(s->client, &(struct child_options){
					    .grants = grants,
					    .grant_count = count,
					    .arguments = {s->client_argument ? s->client_argument : "poor"}});
}

/* Of a service with those limits. The test must not keep its endpoint: then nobody would see that it has ended. */
static struct poor_run run(const struct poor_service *s, struct rpc_transport *t, cap_id manager,
			   struct spawn_limits limits)
{
	cap_id endpoint = {}, templates[POOR_FACETS] = {}, handle;
	struct poor_run run = {.good = true};
	enum status status = capability_manager_create_endpoint(t, manager, s->max_message, 16, &endpoint);

	for (uint32_t i = 0; i < POOR_FACETS && s->facets[i].name && status == STATUS_OK; i++)
		status = service_template(t, endpoint, s->facets[i].interface_id, UINT64_MAX, &templates[i]);
	handle = start_service(s, limits, endpoint);
	ring_release(ring_of(t), endpoint);
	ring_flush(ring_of(t));
	if (status == STATUS_OK && handle.raw) {
		struct spawn_exit exit = run_client(s, templates);

		run.started = true;
		run.good = exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && exit.code < POOR_UNEXPECTED;
		run.refused = (int)exit.code;
		(void)!spawn_kill(t, handle, 7);
		exit = child_wait(handle);
		run.faulted = exit.reason == PROCESS_HANDLE_EXIT_REASON_OUT_OF_MEMORY;
		/* It was there to the end, or could not begin. */
		run.lasted = exit.reason == PROCESS_HANDLE_EXIT_REASON_KILLED;
		run.good &= run.lasted || run.faulted ||
			    (exit.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && exit.code != 0);
	}
	for (uint32_t i = 0; i < POOR_FACETS; i++)
		ring_release(ring_of(t), templates[i]);
	return run;
}

/* A fault is what ends a service that has not pages enough to reach its main. From there on it asks. */
static void grow(const struct poor_service *s, struct rpc_transport *t, cap_id manager,
		 const struct resource *resource)
{
	struct poor_run last = {.good = true, .refused = 1};
	uint32_t refusing = 0, n = 0;
	bool begun = false;

	while (n < resource->most && last.good && last.refused > 0) {
		struct spawn_limits limits = {};

		n += resource->step;
		resource->limit(&limits, n);
		last = run(s, t, manager, limits);
		begun |= last.started && !last.faulted;
		last.good &= !last.faulted || !begun;
		if (last.started)
			refusing += last.refused > 0;
		else
			last.refused = 1;
	}
	tap_ok(last.good && last.refused == 0 && refusing > 5,
	       "%s with any number of %s too few answers all calls (%u numbers; enough are %u)", s->program,
	       resource->name, refusing, n);
}

bool poor_serves(const struct poor_service *s, struct rpc_transport *t, cap_id manager,
		 struct spawn_limits limits)
{
	struct poor_run r = run(s, t, manager, limits);

	if (r.refused != 0 || !r.lasted)
		tap_note("the client ended with %d, the service %s", r.refused,
			 r.lasted    ? "lasted"
			 : r.started ? "ended"
				     : "was not started");
	return r.started && r.good && r.lasted && r.refused == 0;
}

void poor_test(const struct poor_service *service, struct rpc_transport *transport, cap_id manager)
{
	for (uint32_t i = 0; i < sizeof(resources) / sizeof(resources[0]); i++)
		grow(service, transport, manager, &resources[i]);
}
