// SPDX-License-Identifier: MIT OR Apache-2.0
/* Being killed at any moment, in any state, from another CPU as well. */
#include "hostile.h"

static int64_t spins(void *argument)
{
	(void)argument;
	for (;;)
		__asm__ volatile("pause");
}

static int64_t calls(void *argument)
{
	uint64_t ns;

	(void)argument;
	for (;;)
		(void)!timer_now(runtime_transport(), w.timer, &ns);
}

static int64_t sleeps(void *argument)
{
	(void)argument;
	for (;;)
		(void)!timer_sleep(runtime_transport(), w.timer, 100'000);
}

static int64_t maps(void *argument)
{
	uint64_t address;

	(void)argument;
	for (;;) {
		if (virtual_memory_allocate(runtime_transport(), w.space, 64 * 4096, 0, &address) !=
		    STATUS_OK)
			continue;
		for (unsigned i = 0; i < 64; i++)
			*(volatile uint8_t *)(address + i * 4096) = 1;
		(void)!virtual_memory_unmap(runtime_transport(), w.space, address, 64 * 4096);
	}
}

static int64_t makes_threads(void *argument)
{
	(void)argument;
	for (;;) {
		struct thread t;

		if (thread_start(&t, sleeps, nullptr, nullptr) != STATUS_OK)
			(void)!timer_sleep(runtime_transport(), w.timer, 100'000);
	}
}

static cap_id endpoint, facet;

static int64_t serves(void *argument)
{
	struct raw raw = raw_start();

	(void)argument;
	for (;;) {
		struct cap_cqe cqe = raw_do(&raw, raw_recv(&raw, endpoint));

		if (cqe.status == STATUS_OK && dice() % 4)
			(void)raw_do(&raw, raw_return(&raw, cqe.token, raw_fill(&raw, 1, 1)));
	}
}

/* A server and its caller in one process; a quarter of the calls is never answered. */
static int64_t asks(void *argument)
{
	struct raw raw = raw_start();
	struct thread t;
	cap_id facet_template;

	(void)argument;
	if (raw_endpoint(1024, 4, &endpoint, &facet_template) != STATUS_OK ||
	    raw_mint(&raw, endpoint, facet_template, 1, &facet) != STATUS_OK ||
	    thread_start(&t, serves, nullptr, nullptr) != STATUS_OK)
		return 1;
	for (;;) {
		struct cap_sqe sqe = raw_call(&raw, facet, 0, raw_fill(&raw, 1, 1));

		sqe.deadline_ns = runtime_now() + 200'000;
		(void)raw_do(&raw, sqe);
	}
}

static const struct {
	const char *name;
	int64_t (*body)(void *);
} states[] = {
	{"spins", spins},
	{"calls", calls},
	{"sleeps", sleeps},
	{"maps", maps},
	{"makes-threads", makes_threads},
	{"asks", asks},
};

int waits_to_be_killed(void)
{
	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct thread t;

		if (!msg_text_equal(runtime_argument(0), msg_text_from(states[i].name)))
			continue;
		if (i != 4 && i != 5)
			(void)!thread_start(&t, states[i].body, nullptr, nullptr);
		return (int)states[i].body(nullptr);
	}
	return 97;
}

void test_kills(void)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer"),
				       child_grant("capabilityManager"), child_grant("threadSpawner"),
				       child_grant_space()};

	for (unsigned i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct child_options options = {
			.grants = grants, .grant_count = 5, .arguments = {states[i].name}};
		struct child_counts before = {};
		unsigned killed = 0;

		for (unsigned round = 0; round < 26; round++) {
			cap_id handle;

			if (round == 1)
				before = child_counts(); /* the first has filled caches */
			if (child_start("test-hostile", &options, &handle) != STATUS_OK)
				break;
			(void)!timer_sleep(w.t, w.timer, dice() % (4 * MS));
			(void)!spawn_kill(w.t, handle, 1);
			killed += child_wait(handle).reason == FAULT(KILLED);
		}
		tap_ok(killed == 26, "killed at any moment: one that %s (%u of 26)", states[i].name, killed);
		tap_ok(child_counts_return(&before), "and the counts are those from before");
	}
}
