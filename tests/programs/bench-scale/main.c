// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How much faster several CPUs are than one: the work of scale_work, by 1, 2, 4, ... workers up to the number of CPUs, as threads and
 * as processes. The parent blocks until they have ended. One line for each run goes to the log:
 *
 *   scale KIND WORKERS RUN WORK TOTAL SUM        nanoseconds; work: first begin to last end; total: with making and joining them
 *
 * tests/bench/scale reads them, and those of the Linux guest (tests/bench/linux/scale.c).
 */
#include <runtime/print.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <scale_work/work.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/system_info.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>

/* For tests/bench/plugin/share.c: what runs between 1 and 2 is counted. */
#define BENCH_MARK(code) __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0xca905000 + " #code ::: "memory")

struct worker {
	struct scale_part part;
	uint64_t begin, end, sum;
};

static uint64_t data[SCALE_BYTES / 8];
static struct worker workers[SCALE_WORKERS_MAX];

static int64_t work(void *context)
{
	struct worker *worker = context;

	worker->begin = runtime_now();
	worker->sum = scale_hash(data, worker->part);
	worker->end = runtime_now();
	return 0;
}

static bool run_threads(uint32_t count)
{
	struct thread threads[SCALE_WORKERS_MAX];
	uint32_t started = 0;

	for (uint32_t i = 0; i < count; i++)
		started += thread_start(&threads[i], work, &workers[i], nullptr) == STATUS_OK;
	for (uint32_t i = 0; i < started; i++)
		(void)!thread_join(&threads[i], nullptr);
	return started == count;
}

/* A process has only its exit code to say it with: time in 32 bits of 64 ns, and what fits of the sum. */
static int64_t exit_code(const struct worker *worker)
{
	return (int64_t)((worker->end - worker->begin) / 64 << 31 | (worker->sum & 0x7fffffff));
}

static int be_a_worker(void)
{
	struct worker worker = {};
	struct msg_text numbers[2] = {runtime_argument(0), runtime_argument(1)};
	uint32_t values[2] = {};

	for (unsigned i = 0; i < 2; i++)
		for (uint32_t j = 0; j < numbers[i].len; j++)
			values[i] = values[i] * 10 + (uint32_t)(numbers[i].ptr[j] - '0');
	worker.part = scale_part(values[0], values[1]);
	scale_fill(data, worker.part);
	work(&worker);
	runtime_exit(exit_code(&worker));
}

static void number(char text[12], uint32_t value)
{
	char digits[12];
	unsigned len = 0;

	do
		digits[len++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	for (unsigned i = 0; i < len; i++)
		text[i] = digits[len - 1 - i];
	text[len] = 0;
}

/* Their clocks are not compared: the work is as long as that of the slowest. */
static bool run_processes(uint32_t count)
{
	struct spawn_grant grants[] = {child_grant("console"), child_grant_space()};
	cap_id handles[SCALE_WORKERS_MAX];
	uint32_t started = 0;
	char index[12], of[12];
	bool good = true;

	number(of, count);
	for (uint32_t i = 0; i < count; i++) {
		struct child_options options = {.grants = grants, .grant_count = 2, .arguments = {index, of}};

		number(index, i);
		started += child_start("bench-scale", &options, &handles[started]) == STATUS_OK;
	}
	for (uint32_t i = 0; i < started; i++) {
		struct spawn_exit exit = {};

		good &= spawn_wait(runtime_transport(), handles[i], 0, &exit) == STATUS_OK;
		ring_release(runtime_ring(), handles[i]);
		workers[i].begin = 0;
		workers[i].end = ((uint64_t)exit.code >> 31) * 64;
		workers[i].sum = (uint64_t)exit.code & 0x7fffffff;
	}
	return good && started == count;
}

static void measure(const char *kind, bool (*run)(uint32_t), uint32_t count, uint32_t turn)
{
	uint64_t begin = UINT64_MAX, end = 0, sum = 0, start;

	for (uint32_t i = 0; i < count; i++)
		workers[i] = (struct worker){.part = scale_part(i, count)};
	start = runtime_now();
	BENCH_MARK(1);
	bool good = run(count);
	BENCH_MARK(2);
	uint64_t total = runtime_now() - start;
	for (uint32_t i = 0; i < count; i++) {
		begin = workers[i].begin < begin ? workers[i].begin : begin;
		end = workers[i].end > end ? workers[i].end : end;
		sum += workers[i].sum;
	}
	if (good)
		runtime_print("scale %s %u %u %lu %lu %lx\n", kind, count, turn, (unsigned long)(end - begin),
			      (unsigned long)total, (unsigned long)(sum & 0x7fffffff));
	else
		runtime_print("scale-failed %s %u %u\n", kind, count, turn);
}

int main(void)
{
	struct system_info_get_results_reader get;
	struct rpc_call call;
	uint32_t cpus = 1;

	if (runtime_argument_count() == 2)
		return be_a_worker();
	tap_start();
	child_start_up();
	system_info_get_begin(&call, runtime_transport(),
			      runtime_need("systemInfo", SYSTEM_INFO_INTERFACE_ID));
	if (system_info_get_call(&call, &get) == STATUS_OK)
		cpus = system_info_get_results_reader_cpus(get);
	rpc_end(&call);
	scale_fill(data, (struct scale_part){0, SCALE_BLOCKS});
	for (uint32_t turn = 0; turn < SCALE_RUNS; turn++) {
		for (uint32_t count = 1; count <= cpus && count <= SCALE_WORKERS_MAX; count *= 2) {
			measure("threads", run_threads, count, turn);
			measure("processes", run_processes, count, turn);
		}
	}
	runtime_print("scale-done\n");
	return tap_end();
}
