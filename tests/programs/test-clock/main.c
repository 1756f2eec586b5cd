// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * test-clock: monotonic time, the world's time, and that nothing ticks. The machine's clock was started at
 * 2031-05-06T07:08:09 (tests/system/clock.test).
 */
#include <calendar/calendar.h>
#include <rtc146818/rtc146818.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/service/wall_clock.capnp.h>
#include <sync/mutex.h>
#include <testing/tap.h>

#define MS 1'000'000ull
#define SECOND 1'000'000'000ull
#define START_UNIX 1935817689ull /* 2031-05-06T07:08:09Z */

static void sleep_ms(uint64_t ms)
{
	uint64_t until = runtime_now() + ms * MS;

	while (runtime_now() < until)
		(void)ring_wait(runtime_ring(), until);
}

/* ---- Monotonic ---- */

static struct mutex lock;
static uint64_t last;
static bool went_back;

static int64_t read_in_turns(void *argument)
{
	(void)argument;
	for (int i = 0; i < 20000; i++) {
		mutex_lock(&lock);
		uint64_t now = runtime_now();
		went_back |= now < last;
		last = now;
		mutex_unlock(&lock);
	}
	return 0;
}

static void test_monotonic(void)
{
	cap_id timer = runtime_need("timer", TIMER_INTERFACE_ID);
	struct thread threads[3];
	bool good = true;

	for (int i = 0; i < 3; i++)
		good &= thread_start(&threads[i], read_in_turns, nullptr, nullptr) == STATUS_OK;
	for (int i = 0; i < 3; i++)
		good &= thread_join(&threads[i], nullptr) == STATUS_OK;
	tap_ok(good && !went_back, "60,000 readings on all CPUs, one after the other, never go back");
	for (int i = 0; i < 1000; i++) {
		uint64_t before = runtime_now(), kernel = 0, after;

		good &= timer_now(runtime_transport(), timer, &kernel) == STATUS_OK;
		after = runtime_now();
		good &= kernel >= before && kernel <= after;
	}
	tap_ok(good, "the kernel's reading lies between two of the program's");
	for (unsigned i = 0; i < 20; i++) {
		uint64_t until = runtime_now() + i * i * 50'000ull;

		good &= timer_sleep_until(runtime_transport(), timer, until) == STATUS_OK &&
			runtime_now() >= until;
	}
	tap_ok(good, "no sleep ends early");
}

static void test_known_rate(cap_id info)
{
	struct system_info_clock_results_reader r;
	struct rpc_call call;

	system_info_clock_begin(&call, runtime_transport(), info);

	bool good = system_info_clock_call(&call, &r) == STATUS_OK;
	uint64_t rate = system_info_clock_results_reader_ticks_per_second(r);
	uint32_t ppm = system_info_clock_results_reader_uncertainty_ppm(r);

	tap_ok(good && rate > 100'000'000 && ppm < 20000, "the counter's rate is known to %u millionths",
	       ppm);
	rpc_end(&call);
}

/* ---- The device, to compare with ---- */

static cap_id ports;

static bool read_register(void *context, uint8_t index, uint8_t *value)
{
	uint32_t word = 0;

	(void)context;
	if (io_port_write(runtime_transport(), ports, 0, 1, index) != STATUS_OK ||
	    io_port_read(runtime_transport(), ports, 1, 1, &word) != STATUS_OK)
		return false;
	*value = (uint8_t)word;
	return true;
}

/* The second changed after the look that ended at `before` and before the one that ended at `after`. */
struct edge {
	uint64_t before, after;
	uint8_t second; /* the new one, binary-coded decimal */
};

/* Waits for the second to change; false: it does not. */
static bool next_edge(struct edge *edge)
{
	uint8_t first;
	const uint64_t until = runtime_now() + 3 * SECOND;

	if (!read_register(nullptr, RTC146818_SECONDS, &first))
		return false;
	edge->after = runtime_now();
	do {
		sleep_ms(1);
		edge->before = edge->after;
		if (!read_register(nullptr, RTC146818_SECONDS, &edge->second))
			return false;
		edge->after = runtime_now();
		if (edge->second != first)
			return true;
	} while (edge->after < until);
	return false;
}

static unsigned from_decimal(uint8_t coded)
{
	return coded / 16u * 10u + coded % 16u;
}

static void test_drift(bool has_device)
{
	struct edge from, to;

	if (!has_device) {
		tap_ok(!next_edge(&from), "a machine without such a device shows no time");
		return;
	}

	bool seen = next_edge(&from);

	sleep_ms(3500);
	seen &= next_edge(&to);

	/* Looks are as far apart as this machine is busy: between which two times the edges were is known, however long that is. */
	const uint64_t passed = (60 + from_decimal(to.second) - from_decimal(from.second)) % 60 * SECOND;
	const uint64_t least = to.before - from.after, most = to.after - from.before;

	tap_ok(seen && passed >= 3 * SECOND && passed + 20 * MS >= least && passed <= most + 20 * MS,
	       "seconds of the device are seconds (%llu of them took %llu to %llu us)",
	       (unsigned long long)(passed / SECOND), (unsigned long long)(least / 1000),
	       (unsigned long long)(most / 1000));
}

/* ---- The world's time ---- */

static enum status ask(cap_id clock, int64_t *unix_ns, uint64_t *uncertainty_ns, char text[CALENDAR_TEXT + 1])
{
	struct wall_clock_now_results_reader r;
	struct rpc_call call;

	wall_clock_now_begin(&call, runtime_transport(), clock);

	enum status status = wall_clock_now_call(&call, &r);

	*unix_ns = wall_clock_now_results_reader_unix_ns(r);
	*uncertainty_ns = wall_clock_now_results_reader_uncertainty_ns(r);
	struct msg_text utc = wall_clock_now_results_reader_utc(r);
	memset(text, 0, CALENDAR_TEXT + 1);
	memcpy(text, utc.ptr, utc.len < CALENDAR_TEXT ? utc.len : CALENDAR_TEXT);
	rpc_end(&call);
	return status;
}

static uint16_t source_of(cap_id clock)
{
	enum wall_clock_source source = WALL_CLOCK_SOURCE_UNKNOWN;
	uint64_t age;

	(void)wall_clock_source(runtime_transport(), clock, &source, &age);
	return source;
}

static void test_device_time(cap_id clock)
{
	char text[CALENDAR_TEXT + 1];
	int64_t first, second;
	uint64_t uncertainty, later, mono;

	tap_ok(ask(clock, &first, &uncertainty, text) == STATUS_OK &&
		       source_of(clock) == WALL_CLOCK_SOURCE_DEVICE,
	       "the clock reads the machine's");
	tap_ok(strncmp(text, "2031-05-06T07:0", 15) == 0, "which was started in May 2031: %s", text);
	mono = runtime_now();
	tap_ok(first >= (int64_t)(START_UNIX * SECOND) &&
		       (uint64_t)first < START_UNIX * SECOND + mono + 60 * SECOND,
	       "and has gone on since");
	/* The next second's edge, or one of the next ones on a machine that is busy elsewhere. */
	for (unsigned tries = 0; tries < 60 && uncertainty >= 500 * MS; tries++) {
		sleep_ms(1000);
		(void)ask(clock, &first, &uncertainty, text);
	}
	tap_ok(uncertainty < 500 * MS, "it has watched for an edge: sure to %llu us",
	       (unsigned long long)(uncertainty / 1000));
	mono = runtime_now();
	sleep_ms(500);
	(void)ask(clock, &second, &later, text);
	mono = runtime_now() - mono;
	tap_ok(second - first >= 500 * (int64_t)MS && (uint64_t)(second - first) <= mono + MS &&
		       later >= uncertainty,
	       "it goes as the monotonic clock does, and less sure with time");
}

static void test_setting(cap_id clock, cap_id setting, bool known)
{
	char text[CALENDAR_TEXT + 1];
	int64_t now = 0, step = -1;
	uint64_t uncertainty = 0;

	tap_ok(wall_clock_setting_set(runtime_transport(), setting, 1'000'000'000 * (int64_t)SECOND, 5 * MS,
				      &step) == STATUS_OK &&
		       (known ? step < 0 : step == 0),
	       "it can be set by who may, and says how far it jumped");
	tap_ok(ask(clock, &now, &uncertainty, text) == STATUS_OK &&
		       strncmp(text, "2001-09-09T01:46:4", 18) == 0 && uncertainty >= 5 * MS &&
		       uncertainty < 6 * MS && source_of(clock) == WALL_CLOCK_SOURCE_SETTING,
	       "from then on it says that: %s", text);
	tap_is(wall_clock_setting_set(runtime_transport(), setting, INT64_MIN, 0, &step), STATUS_EXCEPTION,
	       "a time that is none is refused");
	tap_ok(wall_clock_setting_set(runtime_transport(), clock, 0, 0, &step) == STATUS_EXCEPTION &&
		       ask(clock, &now, &uncertainty, text) == STATUS_OK &&
		       now > 999'000'000 * (int64_t)SECOND,
	       "who may only read it cannot set it");
}

/* ---- Nothing ticks ---- */

/* False: there is no such CPU. */
static bool interrupts_of(cap_id info, uint32_t cpu, uint64_t *count)
{
	struct system_info_cpu_results_reader r;
	struct rpc_call call;

	system_info_cpu_params_builder_set_index(system_info_cpu_begin(&call, runtime_transport(), info),
						 cpu);

	bool good = system_info_cpu_call(&call, &r) == STATUS_OK;

	*count = system_info_cpu_results_reader_interrupts(r);
	rpc_end(&call);
	return good;
}

static void test_idle(cap_id info)
{
	enum { MAX = 64 };
	uint64_t before[MAX], now, most = 0, sum = 0;
	uint32_t cpus = 0;

	while (cpus < MAX && interrupts_of(info, cpus, &before[cpus]))
		cpus++;
	(void)ring_wait(runtime_ring(), runtime_now() + 10 * SECOND);
	for (uint32_t i = 0; i < cpus; i++) {
		(void)interrupts_of(info, i, &now);
		uint64_t n = now - before[i];

		sum += n;
		most = n > most ? n : most;
	}
	/*
	 * On this thread's CPU: the end of the slice in which it went to sleep, what the kernel frees a moment later, the end of the
	 * sleep, and each time that the hardware's counter ends (32 bits at 1 GHz: 4.3 s). Elsewhere: nothing.
	 */
	tap_ok(sum == most,
	       "in 10 s no idle CPU of %u takes a timer interrupt, but the one whose thread will be woken",
	       cpus);
	tap_ok(most >= 1 && most <= 12, "and that one %llu, not one for each tick", (unsigned long long)most);
}

int main(void)
{
	cap_id info = runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID);
	cap_id clock = runtime_need("wallClock", WALL_CLOCK_INTERFACE_ID),
	       setting = runtime_need("setting", WALL_CLOCK_SETTING_INTERFACE_ID),
	       bare = runtime_need("bareClock", WALL_CLOCK_INTERFACE_ID),
	       bare_setting = runtime_need("bareSetting", WALL_CLOCK_SETTING_INTERFACE_ID);
	char text[CALENDAR_TEXT + 1];
	int64_t now;
	uint64_t uncertainty;

	tap_start();
	ports = runtime_need("ports", IO_PORT_INTERFACE_ID);
	test_monotonic();
	test_known_rate(info);
	tap_is(ask(bare, &now, &uncertainty, text), STATUS_EXCEPTION,
	       "a clock without a device says that it does not know");
	test_setting(bare, bare_setting, false);

	bool has_device = ask(clock, &now, &uncertainty, text) == STATUS_OK;
	if (has_device)
		test_device_time(clock);
	else
		sleep_ms(2000);
	test_drift(has_device);
	test_setting(clock, setting, has_device);
	test_idle(info);
	return tap_end();
}
