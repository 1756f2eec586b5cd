// SPDX-License-Identifier: MIT OR Apache-2.0
/* Objects that tell or say: Console, Timer, EntropySource, SystemInfo, LogReader, BootPackage, Power. */
#include <abi/package.h>
#include <runtime/string.h>
#include <schema/kernel/boot_package.capnp.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/entropy_source.capnp.h>
#include <schema/kernel/log_reader.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/power.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "objects.h"

#define MS 1'000'000ull

void test_console(void)
{
	static const uint8_t bytes[] = {'#', ' ', 0xff, 0x00, 0x1b, '\n'};

	/* Both before the first report, which would stand in the middle of that line. */
	enum status begun = console_write(w.t, w.console, MSG_TEXT("# half a line, "));
	enum status ended = console_write(w.t, w.console, MSG_TEXT("and its end\n"));
	tap_is(begun, STATUS_OK, "console.write");
	tap_is(ended, STATUS_OK, "console.write ends the line");
	tap_is(console_write_line(w.t, w.console, MSG_TEXT("")), STATUS_OK, "console.writeLine, empty");
	tap_is(console_write_bytes(w.t, w.console, (struct msg_data){bytes, sizeof(bytes)}), STATUS_OK,
	       "console.writeBytes");
}

void test_timer(void)
{
	uint64_t first = 0, second = 0, before, after;

	tap_is(timer_now(w.t, w.timer, &first), STATUS_OK, "timer.now");
	before = runtime_now();
	(void)!timer_now(w.t, w.timer, &second);
	after = runtime_now();
	tap_ok(second >= first && second >= before && second <= after,
	       "timer.now and the clock of the region agree");

	before = runtime_now();
	tap_is(timer_sleep(w.t, w.timer, 20 * MS), STATUS_OK, "timer.sleep");
	after = runtime_now();
	tap_ok(after - before >= 20 * MS && after - before < 2000 * MS, "it takes as long as it should");
	before = runtime_now();
	tap_is(timer_sleep(w.t, w.timer, 0), STATUS_OK, "timer.sleep 0");
	tap_is(timer_sleep_until(w.t, w.timer, 1), STATUS_OK, "timer.sleepUntil the past");
	tap_is(timer_sleep_until(w.t, w.timer, 0), STATUS_OK, "timer.sleepUntil 0");
	tap_ok(runtime_now() - before < 500 * MS, "these complete at once");
	before = runtime_now() + 10 * MS;
	tap_is(timer_sleep_until(w.t, w.timer, before), STATUS_OK, "timer.sleepUntil");
	tap_ok(runtime_now() >= before, "not before the time");

	struct rpc_call call;
	struct timer_sleep_params_builder params = timer_sleep_begin(&call, w.t, w.timer);
	timer_sleep_params_builder_set_ns(params, UINT64_MAX);
	rpc_set_deadline(&call, runtime_now() + 10 * MS);
	tap_is(rpc_call(&call), STATUS_TIMED_OUT, "timer.sleep for ever, with a deadline");
	rpc_end(&call);
}

static uint32_t fill(uint32_t count, uint8_t *bytes)
{
	struct entropy_source_fill_results_reader results;
	struct rpc_call call;
	uint32_t len = 0;

	struct entropy_source_fill_params_builder params = entropy_source_fill_begin(&call, w.t, w.entropy);
	entropy_source_fill_params_builder_set_count(params, count);
	if (entropy_source_fill_call(&call, &results) == STATUS_OK) {
		struct msg_data data = entropy_source_fill_results_reader_bytes(results);

		len = data.len;
		memcpy(bytes, data.ptr, len < 256 ? len : 256);
	}
	rpc_end(&call);
	return len;
}

static bool fill_raises(uint32_t count)
{
	struct rpc_call call;
	struct entropy_source_fill_params_builder params = entropy_source_fill_begin(&call, w.t, w.entropy);

	entropy_source_fill_params_builder_set_count(params, count);
	return tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "count");
}

void test_entropy(void)
{
	uint8_t a[256] = {}, b[256] = {};
	unsigned bits = 0;

	tap_ok(fill(1, a) == 1 && fill(64, a) == 64, "entropy.fill gives what was asked for");
	tap_ok(fill(256, a) == 256 && fill(256, b) == 256 && memcmp(a, b, 256) != 0, "and never the same");
	for (unsigned i = 0; i < 256; i++)
		bits += (unsigned)__builtin_popcount(a[i]);
	tap_ok(bits > 900 && bits < 1150, "about half the bits are set");
	tap_ok(fill_raises(0) && fill_raises(257) && fill_raises(UINT32_MAX),
	       "0, 257 and 2^32 - 1 are out of range");
}

void test_system_info(void)
{
	struct system_info_get_results_reader get;
	struct rpc_call call;
	uint32_t cpus = 0;
	uint64_t entries, interrupts, faults, switches, ipis, idle;

	system_info_get_begin(&call, w.t, w.info);
	tap_is(system_info_get_call(&call, &get), STATUS_OK, "systemInfo.get");
	cpus = system_info_get_results_reader_cpus(get);
	tap_ok(msg_text_equal(system_info_get_results_reader_system(get), MSG_TEXT("capOS")) &&
		       msg_text_equal(system_info_get_results_reader_architecture(get), MSG_TEXT("x86_64")) &&
		       system_info_get_results_reader_processor(get).len > 0 && cpus >= 1 &&
		       system_info_get_results_reader_memory_bytes(get) >= 8 << 20,
	       "it says what this is");
	tap_ok(system_info_get_results_reader_boot_ns(get) > 0 &&
		       system_info_get_results_reader_boot_ns(get) < runtime_now(),
	       "init was started before now");
	rpc_end(&call);

	struct child_counts counts = child_counts();
	tap_ok(counts.frames_free > 0 && counts.objects > 0 && counts.entries > 10 && counts.processes >= 2 &&
		       counts.threads >= 2,
	       "systemInfo.counters");
	tap_ok(child_counts_return(&counts), "counting changes nothing");

	for (uint32_t i = 0; i < cpus; i++)
		tap_is(system_info_cpu(w.t, w.info, i, &entries, &interrupts, &faults, &switches, &ipis,
				       &idle),
		       STATUS_OK, "systemInfo.cpu %u", i);
	struct system_info_cpu_params_builder params = system_info_cpu_begin(&call, w.t, w.info);
	system_info_cpu_params_builder_set_index(params, cpus);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "index"),
	       "there is no CPU beyond the last");
}

/* Page after page until there is no more; false: an entry without a name or a reason, or no end. */
static bool read_mitigations(uint32_t *count)
{
	uint32_t next = 0;

	*count = 0;
	do {
		struct system_info_mitigations_results_reader results;
		struct rpc_call call;
		bool told = false;

		struct system_info_mitigations_params_builder params = system_info_mitigations_begin(
			&call, w.t, w.info);
		system_info_mitigations_params_builder_set_from(params, next);
		if (system_info_mitigations_call(&call, &results) == STATUS_OK) {
			struct system_info_mitigation_list_reader list =
				system_info_mitigations_results_reader_mitigations(results);
			uint32_t here = system_info_mitigation_list_reader_count(list);

			told = here > 0;
			for (uint32_t i = 0; i < here; i++) {
				struct system_info_mitigation_reader m =
					system_info_mitigation_list_reader_at(list, i);
				told = told && system_info_mitigation_reader_name(m).len > 0 &&
				       system_info_mitigation_reader_reason(m).len > 0;
			}
			*count += here;
			next = system_info_mitigations_results_reader_next(results);
		}
		rpc_end(&call);
		if (!told || *count > 64)
			return false;
	} while (next != 0);
	return true;
}

void test_mitigations(void)
{
	struct rpc_call call;
	uint32_t count = 0;
	uint64_t barriers = 0;

	tap_ok(read_mitigations(&count) && count >= 10,
	       "systemInfo.mitigations names each, page by page, and why its state is what it is");
	tap_is(system_info_barriers(w.t, w.info, 0, &barriers), STATUS_OK, "systemInfo.barriers");
	struct system_info_barriers_params_builder params = system_info_barriers_begin(&call, w.t, w.info);
	system_info_barriers_params_builder_set_index(params, UINT32_MAX);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "index"), "not of a CPU that is none");
}

/* From `from` on: the number of lines, and whether one has the text. */
static uint32_t read_log(uint64_t from, const char *text, bool *found, uint64_t *next)
{
	struct log_reader_read_results_reader results;
	struct rpc_call call;
	uint32_t count = 0;

	struct log_reader_read_params_builder params = log_reader_read_begin(&call, w.t, w.log);
	log_reader_read_params_builder_set_from(params, from);
	if (log_reader_read_call(&call, &results) == STATUS_OK) {
		struct log_reader_line_list_reader lines = log_reader_read_results_reader_lines(results);

		count = log_reader_line_list_reader_count(lines);
		for (uint32_t i = 0; i < count; i++) {
			struct msg_text line = log_reader_line_reader_text(
				log_reader_line_list_reader_at(lines, i));
			size_t len = strlen(text);

			for (uint32_t at = 0; at + len <= line.len; at++)
				*found |= memcmp(line.ptr + at, text, len) == 0;
		}
		*next = log_reader_read_results_reader_next(results);
	}
	rpc_end(&call);
	return count;
}

void test_log(void)
{
	uint64_t from = 0, next = 0;
	bool boot = false, mine = false, none = false;
	unsigned reads = 0;

	(void)!console_write_line(w.t, w.console, MSG_TEXT("# a line to be found in the log"));
	while (read_log(from, "capOS", &boot, &next) > 0 && next > from && reads++ < 1000) {
		(void)read_log(from, "a line to be found in the log", &mine, &from);
		from = next;
	}
	tap_ok(boot && mine, "log.read: from the first line to mine");
	tap_ok(read_log(UINT64_MAX, "", &none, &next) == 0, "nothing is beyond the end");
	tap_is(log_reader_wait(w.t, w.log, 0), STATUS_OK, "log.wait for a line that exists");

	struct log_reader_wait_results_reader results;
	struct rpc_call call;
	from = next = 0;
	for (reads = 0; read_log(from, "", &none, &next) > 0 && next > from && reads < 1000; reads++)
		from = next;
	struct log_reader_wait_params_builder params = log_reader_wait_begin(&call, w.t, w.log);
	log_reader_wait_params_builder_set_from(params, from);
	tap_is(log_reader_wait_send(&call), STATUS_OK, "log.wait for one that does not");
	ring_flush(w.ring);
	tap_note("another line");
	tap_is(log_reader_wait_call(&call, &results), STATUS_OK, "it completes when there is one");
	rpc_end(&call);
}

void test_package(void)
{
	struct boot_package_command_line_results_reader line;
	struct memory_object_read_results_reader read;
	struct rpc_call call;
	uint64_t bytes = 0, size = 0;
	cap_id memory = CAP_ID_NULL;

	tap_is(boot_package_memory(w.t, w.package, &memory, &bytes), STATUS_OK, "bootPackage.memory");
	tap_ok(memory_object_size(w.t, memory, &size) == STATUS_OK && size >= bytes && size % 4096 == 0,
	       "its size");

	struct memory_object_read_params_builder params = memory_object_read_begin(&call, w.t, memory);
	memory_object_read_params_builder_set_count(params, 8);
	bool good = memory_object_read_call(&call, &read) == STATUS_OK;
	struct msg_data data = good ? memory_object_read_results_reader_bytes(read) : (struct msg_data){};
	tap_ok(data.len == 8 && msg_load64(data.ptr) == CAP_PACKAGE_MAGIC, "it begins with its magic number");
	rpc_end(&call);
	tap_is(memory_object_write(w.t, memory, 0, (struct msg_data){(const uint8_t *)"x", 1}), STATUS_DENIED,
	       "it cannot be written");
	ring_release(w.ring, memory);

	boot_package_command_line_begin(&call, w.t, w.package);
	tap_is(boot_package_command_line_call(&call, &line), STATUS_OK, "bootPackage.commandLine");
	tap_ok(boot_package_command_line_results_reader_text(line).len <= 255, "at most 255 bytes");
	rpc_end(&call);
}

void test_power(void)
{
	/* The image gives testExit only. */
	tap_is(power_power_off(w.t, w.power), STATUS_DENIED,
	       "power.powerOff was removed from this capability");
	tap_is(power_reboot(w.t, w.power), STATUS_DENIED, "so was power.reboot");
}
