// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * test-profile: the profiler's samples of this program itself, its refusals, its bounds. With the argument "burn": half of
 * the time in a function of its own, half of it in Timer.now, for the program profile and tests/profile/run.sh.
 */
#include <abi/profile.h>
#include <pool/mapped.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/profiler.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/tap.h>

#define MS 1'000'000ull
#define PERIOD 500'000u

static cap_id timer, profiler, space;
static volatile uint64_t spins;

/* ---- What is profiled ---- */

[[gnu::noinline]] static void burn_in_user(uint64_t ns)
{
	uint64_t until = runtime_now() + ns;

	while (runtime_now() < until)
		for (int i = 0; i < 1000; i++)
			spins++;
}

[[gnu::noinline]] static void burn_in_kernel(uint64_t ns)
{
	uint64_t until = runtime_now() + ns, now = 0;

	while (now < until)
		if (timer_now(runtime_transport(), timer, &now) != STATUS_OK)
			return;
}

static int burn(void)
{
	for (int i = 0; i < 300; i++) {
		burn_in_user(5 * MS);
		burn_in_kernel(5 * MS);
	}
	return 0;
}

/* ---- The profiler ---- */

struct area {
	cap_id memory;
	struct profile_sample *slots;
	uint64_t count; /* slots */
};

static struct area make_area(uint64_t bytes)
{
	struct area area = {.count = bytes / PROFILE_SLOT};
	uint64_t address = 0;

	tap_is(pool_map_memory(runtime_transport(), space, bytes, &area.memory, &address), STATUS_OK,
	       "memory for %lu samples", area.count - 1);
	area.slots = (struct profile_sample *)(uintptr_t)address;
	return area;
}

/* Waits for whoever takes one at the moment. */
static enum status begin(const struct area *area, uint64_t period, uint64_t duration, uint64_t *ends)
{
	for (int i = 0; i < 3000; i++) {
		enum status status = profiler_sample(runtime_transport(), profiler, area->memory, period,
						     duration, ends);

		if (status != STATUS_EXCEPTION)
			return status;
		(void)ring_wait(runtime_ring(), runtime_now() + 10 * MS);
	}
	return STATUS_TIMED_OUT;
}

static void wait_until(uint64_t ns)
{
	while (runtime_now() <= ns)
		(void)ring_wait(runtime_ring(), ns + MS);
}

static uint64_t taken(const struct area *area)
{
	return ((const struct profile_header *)(const void *)area->slots)->taken;
}

struct seen {
	unsigned user, kernel, in_timer_now, idle, other, wrong;
};

/* This program's own samples, by kind; the others'. */
static struct seen look(const struct area *area)
{
	struct seen seen = {};
	uint64_t kept = taken(area) < area->count ? taken(area) : area->count - 1;

	for (uint64_t i = 1; i <= kept; i++) {
		const struct profile_sample *s = &area->slots[i];

		seen.wrong += s->sequence != i || s->depth > PROFILE_DEPTH || s->kind < PROFILE_USER ||
			      s->kind > PROFILE_IDLE || (s->kind == PROFILE_USER && s->depth < 2);
		if (s->kind == PROFILE_IDLE)
			seen.idle++;
		else if (strcmp(s->name, "test-profile") != 0)
			seen.other++;
		else if (s->kind == PROFILE_USER)
			seen.user++;
		else
			seen.kernel++;
		seen.in_timer_now += strcmp(s->name, "test-profile") == 0 && s->kind == PROFILE_KERNEL &&
				     s->interface_id == TIMER_INTERFACE_ID && s->method == TIMER_NOW;
	}
	return seen;
}

static void test_kinds(const struct area *area)
{
	uint64_t ends;

	tap_is(begin(area, PERIOD, 400 * MS, &ends), STATUS_OK, "a profile of a loop");
	burn_in_user(450 * MS);
	wait_until(ends);
	struct seen seen = look(area);
	tap_ok(seen.wrong == 0, "every sample is whole");
	tap_ok(seen.user > 5 && seen.user > seen.kernel * 4,
	       "is nearly all in this program (%u user, %u kernel)", seen.user, seen.kernel);

	memset(area->slots, 0, area->count * PROFILE_SLOT);
	tap_is(begin(area, PERIOD, 400 * MS, &ends), STATUS_OK, "one of calls to the kernel");
	burn_in_kernel(450 * MS);
	wait_until(ends);
	seen = look(area);
	tap_ok(seen.in_timer_now > 3 && seen.in_timer_now * 4 > (seen.kernel + seen.user),
	       "counts for the kernel, under Timer.now (%u of %u, %u user)", seen.in_timer_now, seen.kernel,
	       seen.user);

	/* Until the other processes of the image are done. */
	for (int i = 0; i < 60; i++) {
		memset(area->slots, 0, area->count * PROFILE_SLOT);
		if (begin(area, PERIOD, 300 * MS, &ends) != STATUS_OK)
			break;
		wait_until(ends + 10 * MS);
		seen = look(area);
		if (seen.other == 0)
			break;
	}
	tap_ok(seen.idle > 3 && seen.user + seen.kernel < seen.idle,
	       "a profile of nothing is idle (%u, and %u others)", seen.idle, seen.other);
}

static void test_bounds(void)
{
	struct area small = make_area(4096);
	uint64_t ends, at;

	tap_is(begin(&small, PERIOD, 400 * MS, &ends), STATUS_OK, "a profile with room for 15 samples");
	burn_in_user(420 * MS);
	wait_until(ends);
	at = taken(&small);
	for (int i = 0; i < 20 && at <= 15;
	     i++) { /* a host that is busy elsewhere: an interrupt late is a sample less */
		memset(small.slots, 0, small.count * PROFILE_SLOT);
		if (begin(&small, PERIOD, 800 * MS, &ends) != STATUS_OK)
			break;
		burn_in_user(820 * MS);
		wait_until(ends);
		at = taken(&small);
	}
	tap_ok(at > 15 && look(&small).wrong == 0, "keeps the first 15, and counts the others (%lu)", at);
	burn_in_user(20 * MS);
	tap_ok(taken(&small) == at, "and ends at its end");
}

/* Does this call raise invalidArgument about that field? */
static bool refuses(cap_id memory, uint64_t period, uint64_t duration, const char *field)
{
	struct rpc_call call;
	struct profiler_sample_params_builder p = profiler_sample_begin(&call, runtime_transport(), profiler);

	profiler_sample_params_builder_set_memory(p, rpc_add_cap(&call, memory));
	profiler_sample_params_builder_set_period_ns(p, period);
	profiler_sample_params_builder_set_duration_ns(p, duration);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, field);
}

static void test_refusals(const struct area *area)
{
	cap_id manager = runtime_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID),
	       readable = CAP_ID_NULL;
	struct rpc_call call;
	uint64_t ends;

	tap_ok(refuses(timer, PERIOD, 10 * MS, "memory"), "what is no memory is refused");
	(void)capability_manager_attenuate(runtime_transport(), manager, area->memory,
					   MEMORY_OBJECT_INTERFACE_ID, 1ull << MEMORY_OBJECT_READ, &readable);
	tap_ok(refuses(readable, PERIOD, 10 * MS, "memory"), "and memory that may only be read");
	tap_ok(refuses(area->memory, 99'999, 10 * MS, "periodNs"), "a period of less than 100 us");
	tap_ok(refuses(area->memory, PERIOD, 60'001 * MS, "durationNs"), "a profile of more than a minute");
	tap_ok(refuses(area->memory, PERIOD, PERIOD - 1, "durationNs"), "or of less than a period");
	tap_is(begin(area, PERIOD, 100 * MS, &ends), STATUS_OK, "while one is taken");
	struct profiler_sample_params_builder p = profiler_sample_begin(&call, runtime_transport(), profiler);
	profiler_sample_params_builder_set_memory(p, rpc_add_cap(&call, area->memory));
	profiler_sample_params_builder_set_period_ns(p, PERIOD);
	profiler_sample_params_builder_set_duration_ns(p, 10 * MS);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_OVERLOADED, ""), "another one is refused");
	wait_until(ends);
}

int main(void)
{
	struct area area;

	timer = runtime_need("timer", TIMER_INTERFACE_ID);
	if (runtime_argument_count() > 0)
		return burn();
	profiler = runtime_need("profiler", PROFILER_INTERFACE_ID);
	space = runtime_need("virtualMemory", 0);
	tap_start();
	(void)ring_wait(runtime_ring(), runtime_now() + 3000 * MS); /* the burner and profile are over */
	area = make_area(512 << 10);
	test_kinds(&area);
	test_bounds();
	test_refusals(&area);
	return tap_end();
}
