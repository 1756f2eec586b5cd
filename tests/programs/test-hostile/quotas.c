// SPDX-License-Identifier: MIT OR Apache-2.0
/* Taking all of everything: each quota ends in a typed refusal for this process alone. */
#include "hostile.h"

/* Refused for want of quota or room, by status or by exception. */
static bool is_refusal(enum status status)
{
	return status == STATUS_NO_QUOTA || status == STATUS_NO_SLOT || status == STATUS_NO_MEMORY ||
	       status == STATUS_EXCEPTION || status == STATUS_AGAIN;
}

static int duplicates(void)
{
	cap_id copy;
	enum status status = STATUS_OK;
	uint64_t ns;
	unsigned made = 0;

	for (; status == STATUS_OK && made < 100000; made++)
		status = ring_dup(runtime_ring(), w.timer, &copy);
	if (!is_refusal(status) || made > 110)
		return 1;
	return timer_now(w.t, w.timer, &ns) == STATUS_OK ? 0 : 2;
}

static int makes_endpoints(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;
	cap_id made_cap;

	for (; status == STATUS_OK && made < 100000; made++)
		status = capability_manager_create_endpoint(w.t, w.manager, 64, 0, &made_cap);
	return is_refusal(status) && made < 1100 ? 0 : 1;
}

static int makes_processes(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;

	for (; status == STATUS_OK && made < 1000; made++) {
		struct process_spawner_create_results_reader results;
		struct rpc_call call;

		process_spawner_create_params_builder_set_name(
			process_spawner_create_begin(&call, w.t, w.spawner), MSG_TEXT("brood"));
		status = process_spawner_create_call(&call, &results);
		rpc_end(&call);
	}
	return is_refusal(status) && made <= 5 ? 0 : 1;
}

static int64_t waits(void *argument)
{
	(void)argument;
	(void)!timer_sleep(runtime_transport(), w.timer, 1ull << 60);
	return 0;
}

static int makes_threads(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;
	static struct thread threads[1000];

	for (; status == STATUS_OK && made < 1000; made++)
		status = thread_start(&threads[made], waits, nullptr, nullptr);
	return is_refusal(status) && made <= 9 ? 0 : 1;
}

static int makes_mappings(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;
	uint64_t address;

	for (; status == STATUS_OK && made < 100000; made++)
		status = virtual_memory_allocate(w.t, w.space, 4096, 0, &address);
	return is_refusal(status) ? 0 : 1;
}

static int makes_large_rings(void)
{
	enum status status = STATUS_OK;
	unsigned made = 0;
	static struct thread threads[64];
	struct thread_options options = {.submissions = 1024, .arena_bytes = 512 << 10};

	for (; status == STATUS_OK && made < 64; made++)
		status = thread_start(&threads[made], waits, nullptr, &options);
	return is_refusal(status) && made < 20 ? 0 : 1;
}

const struct victim quota_victims[] = {
	{"duplicates capabilities without end", duplicates, FAULT(EXIT), 0, 0, {.capabilities = 100}},
	{"makes endpoints without end", makes_endpoints, FAULT(EXIT), 0, 0, {.objects = 1000}},
	{"makes processes without end", makes_processes, FAULT(EXIT), 0, 0, {.processes = 4}},
	{"makes threads without end", makes_threads, FAULT(EXIT), 0, 0, {.threads = 8}},
	{"makes mappings without end", makes_mappings, FAULT(EXIT), 0, 0, {.pages = 2000}},
	{"makes large rings without end", makes_large_rings, FAULT(EXIT), 0, 0, {.pages = 2000}},
};
const uint32_t quota_victim_count = sizeof(quota_victims) / sizeof(quota_victims[0]);
