// SPDX-License-Identifier: MIT OR Apache-2.0
/* Records written as the kernel writes them, read while they are overwritten; calls; percentiles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace/trace.h>

enum { SLOTS = 16 };

static struct capture_record slots[SLOTS];
static uint64_t written;
static int number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
	failures += !good;
}

static void put(enum capture_kind kind, uint32_t thread, uint64_t call, uint64_t time, int32_t status)
{
	written++;
	slots[written % SLOTS] = (struct capture_record){
		.sequence = written,
		.time_ns = time,
		.interface_id = 7,
		.method = 1,
		.kind = (uint8_t)kind,
		.thread = thread,
		.call = call,
		.status = status,
		.length = 24,
		.kept = 24,
	};
}

static void start(void)
{
	memset(slots, 0, sizeof(slots));
	written = 0;
}

static void test_source(void)
{
	struct trace_source source;
	struct capture_record r;
	uint64_t seen = 0;

	start();
	trace_source_init(&source, slots, sizeof(slots));
	report(!trace_source_next(&source, &r), "nothing was written yet");
	put(CAPTURE_CALL, 1, 1, 10, 0);
	report(trace_source_next(&source, &r) && r.sequence == 1 && r.time_ns == 10, "the first record");
	report(!trace_source_next(&source, &r), "and no second");
	for (int i = 0; i < SLOTS; i++)
		put(CAPTURE_CALL, 1, 1, 10, 0);
	while (trace_source_next(&source, &r))
		seen++;
	report(seen == SLOTS && source.lost == 0, "a full lap is not too much");
	for (int i = 0; i < 1000; i++)
		put(CAPTURE_CALL, 1, 1, 10, 0);
	for (seen = 0; trace_source_next(&source, &r);)
		seen++;
	report(seen == SLOTS && source.lost == 1000 - SLOTS && source.next == written + 1,
	       "what is overwritten is counted, the rest is read");
	slots[(written + 1) % SLOTS].sequence = 0;
	report(!trace_source_next(&source, &r), "a record that is being written is not there");
	trace_source_rewind(&source);
	for (seen = 0; trace_source_next(&source, &r);)
		seen++;
	report(seen == SLOTS - 1, "after the fact: all that is still there");
	slots[3].kept = 4000;
	report(!trace_source_at(&source, slots[3].sequence, &r) || r.kept == 0,
	       "a length that cannot be is none");
	trace_source_init(&source, slots, 100);
	report(!trace_source_next(&source, &r), "a memory without a slot");
}

/* Writers and reader in random turns: seen and lost add up. */
static void test_random(void)
{
	struct trace_source source;
	struct capture_record r;
	uint64_t seen = 0, last = 0;
	bool in_order = true;

	start();
	srand(1);
	trace_source_init(&source, slots, sizeof(slots));
	for (int i = 0; i < 20000; i++) {
		for (int n = rand() % 40; n > 0; n--)
			put(CAPTURE_CALL, 1, 1, 10, 0);
		for (int n = rand() % 30; n > 0 && trace_source_next(&source, &r); n--) {
			in_order = in_order && r.sequence > last;
			last = r.sequence;
			seen++;
		}
	}
	while (trace_source_next(&source, &r))
		seen++;
	report(in_order && seen + source.lost == written, "seen and lost are all that was written");
}

static void test_calls(void)
{
	static struct trace_calls calls;
	struct trace_source source;
	struct capture_record r;
	struct trace_call call;
	unsigned ended = 0;

	start();
	trace_source_init(&source, slots, sizeof(slots));
	put(CAPTURE_CALL, 1, 5, 100, 0);
	put(CAPTURE_CALL, 2, 5, 110, 0);
	put(CAPTURE_ANSWER, 2, 5, 150, -3);
	put(CAPTURE_ANSWER, 1, 5, 200, 0);
	put(CAPTURE_ANSWER, 1, 6, 300, 0);
	put(CAPTURE_CALL, 1, 7, 400, 0);
	while (trace_source_next(&source, &r)) {
		if (!trace_calls_take(&calls, &r, &call))
			continue;
		ended++;
		if (ended == 1)
			report(call.thread == 2 && call.start_ns == 110 && call.end_ns == 150 &&
				       call.status == -3 && call.call_record == 2,
			       "the call of the second thread ends first");
		if (ended == 2)
			report(call.thread == 1 && call.start_ns == 100 && call.end_ns == 200,
			       "then the first's");
		if (ended == 3)
			report(call.start_ns == 0 && call.end_ns == 300, "the beginning of one was lost");
	}
	report(ended == 3 && trace_calls_open(&calls, 0, &call) && call.start_ns == 400 && call.end_ns == 0 &&
		       !trace_calls_open(&calls, 1, &call),
	       "one is under way");
	for (uint64_t i = 0; i < 1000; i++)
		trace_calls_take(
			&calls,
			&(struct capture_record){.kind = CAPTURE_CALL, .call = 100 + i, .sequence = i + 1},
			&call);
	report(trace_calls_take(&calls, &(struct capture_record){.kind = CAPTURE_ANSWER, .call = 1099},
				&call) &&
		       call.call_record == 1000,
	       "of too many the newest are kept");
}

static bool within(uint64_t value, uint64_t wanted)
{
	return value >= wanted && value <= wanted + wanted / 4 + 1;
}

static void test_stats(void)
{
	static struct trace_stats stats;

	for (uint64_t ns = 1; ns <= 10000; ns++)
		trace_stats_add(&stats, &(struct trace_call){.interface_id = 1,
							     .start_ns = 1000,
							     .end_ns = 1000 + ns,
							     .params_length = 8,
							     .results_length = 16,
							     .status = ns % 10 == 0 ? -1 : 0});
	const struct trace_method *m = &stats.methods[0];
	report(stats.count == 1 && m->count == 10000 && m->errors == 1000 && m->sent_bytes == 80000 &&
		       m->received_bytes == 160000 && m->longest_ns == 10000,
	       "counts, errors, bytes");
	report(within(trace_percentile(m, 50), 5000) && within(trace_percentile(m, 90), 9000) &&
		       trace_percentile(m, 100) == 10000 && within(trace_percentile(m, 1), 100),
	       "percentiles");
	for (uint16_t i = 0; i < 100; i++)
		trace_stats_add(&stats, &(struct trace_call){.interface_id = 2, .method = i});
	report(stats.count == TRACE_METHODS && stats.overflow && stats.calls == 10100,
	       "more methods than rows");
	trace_stats_add(&stats, &(struct trace_call){.interface_id = 1, .start_ns = 1, .end_ns = UINT64_MAX});
	report(stats.methods[0].longest_ns == UINT64_MAX - 1, "the longest of all");
}

int main(void)
{
	test_source();
	test_random();
	test_calls();
	test_stats();
	printf("1..%d\n", number);
	return failures != 0;
}
