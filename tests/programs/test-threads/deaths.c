// SPDX-License-Identifier: MIT OR Apache-2.0
/* A process dies whole: whatever its threads are doing when one of them ends it, nothing of any of them stays. */
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <sync/condition.h>
#include <sync/semaphore.h>

#include "threads.h"

/* ---- What a child does ---- */

static struct mutex held;
static struct condition never;
static struct semaphore arrived;
static volatile uint64_t spins;

static int64_t park(void *argument)
{
	(void)argument;
	(void)semaphore_give(&arrived);
	return thread_park(0);
}

static int64_t sleep_in_call(void *argument)
{
	(void)semaphore_give(&arrived);
	return timer_sleep(runtime_transport(), *(const cap_id *)argument, 3'600'000 * MS);
}

static int64_t want_lock(void *argument)
{
	(void)argument;
	(void)semaphore_give(&arrived);
	mutex_lock(&held);
	return 0;
}

static int64_t want_condition(void *argument)
{
	struct mutex mine = {};

	(void)argument;
	(void)semaphore_give(&arrived);
	mutex_lock(&mine);
	return condition_wait(&never, &mine, 0);
}

static int64_t spin(void *argument)
{
	(void)argument;
	(void)semaphore_give(&arrived);
	for (;;)
		spins++;
}

static int64_t make_and_join(void *argument)
{
	(void)argument;
	(void)semaphore_give(&arrived);
	for (;;)
		(void)run_threads(2, park);
}

static int64_t end_process(void *argument)
{
	(void)argument;
	runtime_exit(23);
}

static int64_t fault(void *argument)
{
	*(volatile int *)argument = 1;
	return 0;
}

int child_main(struct msg_text what)
{
	static int64_t (*const bodies[])(void *) = {park, sleep_in_call, want_lock,    want_condition,
						    spin, spin,          make_and_join};
	cap_id timer = runtime_need("timer", TIMER_INTERFACE_ID);
	struct thread threads[8];

	mutex_lock(&held);
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (thread_start(&threads[i], bodies[i], &timer, nullptr) != STATUS_OK)
			return 99;
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		(void)semaphore_take(&arrived, 0);
	if (msg_text_equal(what, MSG_TEXT("return")))
		return 23;
	if (msg_text_equal(what, MSG_TEXT("other")))
		(void)thread_start(&threads[7], end_process, nullptr, nullptr);
	if (msg_text_equal(what, MSG_TEXT("fault")))
		(void)thread_start(&threads[7], fault, (void *)0x10, nullptr); /* NOLINT: that is the point */
	(void)thread_park(0);
	return 98;
}

/* ---- The parent ---- */

static struct spawn_exit run(const char *how)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant("timer"),
				       child_grant("threadSpawner"), child_grant_space()};

	return child_run(
		"test-threads",
		&(struct child_options){.grants = grants, .grant_count = 4, .arguments = {"child", how}});
}

void test_deaths(void)
{
	struct child_counts before;
	bool good = true;

	(void)run("return");
	before = child_counts();
	struct spawn_exit e = run("return");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 23,
	       "the first thread returns, and all others with it");
	e = run("other");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 23, "another one ends the process");
	e = run("fault");
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_PAGE_FAULT && e.address == 0x10,
	       "another one's fault ends the process");
	for (int i = 0; i < 20; i++)
		good &= run(i & 1 ? "return" : "other").code == 23;
	tap_ok(good, "twenty times more");
	tap_ok(child_counts_return(&before), "nothing of them stays behind");
}
