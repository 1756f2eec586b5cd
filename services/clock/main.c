// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * WallClock: a pair of readings, of the world's time and of the monotonic clock, at one moment; everything else is derived.
 *
 * The device shows whole seconds, so one reading is half a second off at most. A thread watches for the next edge, and replaces
 * the pair by a better one; then it ends, and nothing here wakes up any more.
 */
#include <calendar/calendar.h>
#include <rtc146818/rtc146818.h>
#include <runtime/runtime.h>
#include <runtime/service.h>
#include <runtime/thread.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/io_port.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/service/wall_clock.capnp.h>
#include <sync/mutex.h>

#define SECOND_NS 1'000'000'000ll
#define LOOK_NS 2'000'000u /* between looks for an edge */
#define LOOKS 3000         /* some seconds: one edge is enough, if it is seen in time */
#define DEFAULT_PPM 100u   /* crystals of PCs */
#define FIRST_NS \
	(-9'223'372'036'000'000'000ll) /* what fits into 64 bits, by whole milliseconds: year 1677 to 2262 */
#define LAST_NS 9'223'372'036'000'000'000ll

static struct mutex lock;
static struct reading {
	enum wall_clock_source source;
	int64_t unix_ns;
	uint64_t at_ns; /* monotonic */
	uint64_t uncertainty_ns;
} reading; /* under lock */
static uint64_t drift_ppm = DEFAULT_PPM;

static struct reading read_now(void)
{
	mutex_lock(&lock);
	struct reading r = reading;
	mutex_unlock(&lock);
	return r;
}

/* The world's time at a monotonic one. */
static int64_t time_at(const struct reading *r, uint64_t ns)
{
	return r->unix_ns + (int64_t)(ns - r->at_ns);
}

/* ---- The device ---- */

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

static const struct rtc146818 device = {read_register, nullptr};

/* Nobody sets the time meanwhile but the setting facet, which goes first. */
static void take_device(int64_t unix_ns, uint64_t at_ns, uint64_t uncertainty_ns)
{
	mutex_lock(&lock);
	if (reading.source != WALL_CLOCK_SOURCE_SETTING)
		reading = (struct reading){WALL_CLOCK_SOURCE_DEVICE, unix_ns, at_ns, uncertainty_ns};
	mutex_unlock(&lock);
}

static bool read_device(void)
{
	struct calendar_time time;
	uint64_t before = runtime_now();

	if (!rtc146818_now(&device, &time))
		return false;

	uint64_t now = runtime_now();

	take_device(calendar_to_unix(&time) * SECOND_NS + SECOND_NS / 2, now,
		    (uint64_t)SECOND_NS / 2 + (now - before));
	return true;
}

static int64_t watch_for_edge(void *argument)
{
	struct calendar_time time;
	uint8_t first, second;
	uint64_t before = runtime_now();

	(void)argument;
	if (!read_register(nullptr, RTC146818_SECONDS, &first))
		return 1;
	for (int i = 0; i < LOOKS; i++) {
		uint64_t look = runtime_now();

		if (!read_register(nullptr, RTC146818_SECONDS, &second))
			return 1;
		uint64_t after = runtime_now();

		if (second != first) {
			/* The second that began somewhere between the last two looks. */
			if (!rtc146818_now(&device, &time))
				return 1;
			if (runtime_now() - after <= (uint64_t)SECOND_NS / 2) {
				take_device(calendar_to_unix(&time) * SECOND_NS,
					    before + (after - before) / 2, (after - before) / 2 + 1);
				return 0;
			}
			first = second; /* it was looked at too late: the next one */
		}
		before = look;
		(void)ring_wait(runtime_ring(), look + LOOK_NS);
	}
	return 1;
}

/* ---- The interfaces ---- */

static enum status get_now(void *self, struct rpc_request *request,
			   struct wall_clock_now_results_builder results)
{
	struct reading r = read_now();
	uint64_t now = runtime_now();
	int64_t unix_ns = time_at(&r, now);
	char text[CALENDAR_TEXT];

	(void)self;
	if (r.source == WALL_CLOCK_SOURCE_UNKNOWN)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED,
				 "nobody knows the time: this machine has no clock, and it was not set",
				 nullptr);

	int64_t seconds = unix_ns / SECOND_NS - (unix_ns % SECOND_NS < 0);
	struct calendar_time time = calendar_from_unix(seconds);

	calendar_format(&time, text);
	wall_clock_now_results_builder_set_utc(results, (struct msg_text){text, CALENDAR_TEXT});
	wall_clock_now_results_builder_set_unix_ns(results, unix_ns);
	wall_clock_now_results_builder_set_uncertainty_ns(
		results, r.uncertainty_ns + (now - r.at_ns) / 1'000'000 * drift_ppm);
	return STATUS_OK;
}

static enum status get_source(void *self, struct rpc_request *request,
			      struct wall_clock_source_results_builder results)
{
	struct reading r = read_now();

	(void)self, (void)request;
	wall_clock_source_results_builder_set_source(results, r.source);
	wall_clock_source_results_builder_set_age_ns(
		results, r.source == WALL_CLOCK_SOURCE_UNKNOWN ? 0 : runtime_now() - r.at_ns);
	return STATUS_OK;
}

static enum status set(void *self, struct rpc_request *request,
		       struct wall_clock_setting_set_params_reader params,
		       struct wall_clock_setting_set_results_builder results)
{
	int64_t unix_ns = wall_clock_setting_set_params_reader_unix_ns(params);
	uint64_t now = runtime_now();

	(void)self;
	if (unix_ns < FIRST_NS || unix_ns > LAST_NS)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "outside the years 1678 to 2261",
				 "unixNs");
	mutex_lock(&lock);
	int64_t step = reading.source == WALL_CLOCK_SOURCE_UNKNOWN
			       ? 0
			       : (int64_t)((uint64_t)unix_ns - (uint64_t)time_at(&reading, now));
	reading = (struct reading){WALL_CLOCK_SOURCE_SETTING, unix_ns, now,
				   wall_clock_setting_set_params_reader_uncertainty_ns(params)};
	mutex_unlock(&lock);
	wall_clock_setting_set_results_builder_set_step_ns(results, step);
	return STATUS_OK;
}

static const struct wall_clock_server_ops clock_ops = {.now = get_now, .source = get_source};
static const struct wall_clock_setting_server_ops setting_ops = {.set = set};

static void ask_drift(void)
{
	struct system_info_clock_results_reader results;
	struct rpc_call call;
	cap_id info;

	if (runtime_cap("systemInfo", SYSTEM_INFO_INTERFACE_ID, &info) != STATUS_OK)
		return;
	system_info_clock_begin(&call, runtime_transport(), info);
	if (system_info_clock_call(&call, &results) == STATUS_OK &&
	    system_info_clock_results_reader_uncertainty_ppm(results) > drift_ppm)
		drift_ppm = system_info_clock_results_reader_uncertainty_ppm(results);
	rpc_end(&call);
}

int main(void)
{
	static const struct service_interface interfaces[] = {
		{&wall_clock_interface, &clock_ops},
		{&wall_clock_setting_interface, &setting_ops},
	};
	static struct service service;
	struct thread watcher;

	ask_drift();
	if (runtime_cap("ports", IO_PORT_INTERFACE_ID, &ports) == STATUS_OK && read_device() &&
	    thread_start(&watcher, watch_for_edge, nullptr, nullptr) == STATUS_OK)
		(void)thread_detach(&watcher);
	if (service_init(&service, runtime_ring(), runtime_need("endpoint", ENDPOINT_INTERFACE_ID),
			 &(struct service_options){.interfaces = interfaces, .interface_count = 2}) !=
	    STATUS_OK)
		return 1;
	(void)!service_run(&service);
	return 1;
}
