// SPDX-License-Identifier: MIT OR Apache-2.0
/* Several threads at one end of a stream: everybody gets on, and closing wakes them all. */
#include "streams.h"

enum { THREADS = 4 };

struct user {
	struct stream *stream;
	struct thread thread;
	uint64_t count;
	enum flow_result result;
	uint8_t bytes[700];
};

static struct user users[THREADS];
static struct local l;
static uint8_t bytes[8192], sink[1500];

static int64_t read_to_end(void *argument)
{
	struct user *u = argument;
	struct queue_wait wait;
	uint64_t n;

	stream_wait_init(&wait, u->stream, runtime_ring());
	for (;;) {
		u->result = stream_read(u->stream, &wait, u->bytes, sizeof(u->bytes), soon(), &n);
		u->count += n;
		if (u->result != FLOW_DONE)
			break;
	}
	queue_wait_fini(&wait);
	return 0;
}

static int64_t write_much(void *argument)
{
	struct user *u = argument;
	struct queue_wait wait;

	stream_wait_init(&wait, u->stream, runtime_ring());
	u->result = stream_write(u->stream, &wait, bytes, sizeof(bytes), soon(), &u->count);
	queue_wait_fini(&wait);
	return 0;
}

static bool start_all(struct stream *stream, int64_t (*body)(void *))
{
	bool good = true;

	for (int i = 0; i < THREADS; i++) {
		users[i] = (struct user){.stream = stream};
		good &= thread_start(&users[i].thread, body, &users[i], nullptr) == STATUS_OK;
	}
	return good;
}

/* Until all of them wait (bounded). */
static void wait_for_all(const struct stream *stream)
{
	uint64_t end = soon();

	while (__atomic_load_n(&stream->waiting, __ATOMIC_RELAXED) < THREADS && runtime_now() < end)
		nap(MS);
	nap(2 * MS);
}

/* The sum of their counts; *result: how all of them ended, FLOW_FAILED if not alike. */
static uint64_t join_all(enum flow_result *result)
{
	uint64_t sum = 0;

	for (int i = 0; i < THREADS; i++) {
		(void)!thread_join(&users[i].thread, nullptr);
		sum += users[i].count;
		*result = i == 0 || users[i].result == *result ? users[i].result : FLOW_FAILED;
	}
	return sum;
}

static void test_readers(void)
{
	enum flow_result result;
	uint64_t n, sum, written = 0;
	bool good = local_start(&l);

	tap_ok(good && start_all(&l.reader, read_to_end), "four threads read at one end");
	nap(10 * MS);
	for (int i = 0; i < 100; i++) {
		good &= stream_write(&l.writer, &l.write, bytes, 1 + (uint64_t)(i * 37 % 5000), soon(), &n) ==
			FLOW_DONE;
		written += n;
		if (i % 10 == 0)
			nap(MS); /* they all wait again */
	}
	stream_close(&l.writer, &l.write);
	sum = join_all(&result);
	tap_ok(good && sum == written && result == FLOW_END,
	       "together they read everything, and each sees the end (%u)", result);
	local_end(&l);
}

static void test_writers(void)
{
	enum flow_result result;
	uint64_t n, sum = 0, got = 0;
	bool good = local_start(&l);

	tap_ok(good && start_all(&l.writer, write_much), "four threads write at one end");
	while (got < THREADS * sizeof(bytes) &&
	       stream_read(&l.reader, &l.read, users[0].bytes, 1, soon(), &n) == FLOW_DONE) {
		got += n;
		if (stream_read(&l.reader, &l.read, sink, sizeof(sink), STREAM_NO_WAIT, &n) == FLOW_DONE)
			got += n;
	}
	sum = join_all(&result);
	tap_ok(sum == THREADS * sizeof(bytes) && got == sum && result == FLOW_DONE, "all of it is read");
	local_end(&l);
}

static void test_closing(void)
{
	enum flow_result result;
	uint64_t sum;

	(void)local_start(&l);
	(void)start_all(&l.reader, read_to_end);
	wait_for_all(&l.reader);
	tap_is(stream_fini(&l.reader), STATUS_BAD_STATE, "an end at which threads wait is not taken down");
	stream_close(&l.reader, &l.read);
	sum = join_all(&result);
	tap_ok(sum == 0 && result == FLOW_CLOSED, "closing an end completes all who read at it (%u)", result);
	local_end(&l);

	(void)local_start(&l);
	(void)start_all(&l.writer, write_much);
	wait_for_all(&l.writer);
	stream_close(&l.writer, &l.write);
	sum = join_all(&result);
	tap_ok(sum == 4096 && result == FLOW_CLOSED, "and all who write, with their counts (%u, %llu)",
	       result, (unsigned long long)sum);
	local_end(&l);

	(void)local_start(&l);
	(void)start_all(&l.writer, write_much);
	wait_for_all(&l.writer);
	stream_close(&l.reader, &l.read);
	sum = join_all(&result);
	tap_ok(sum == 4096 && result == FLOW_BROKEN,
	       "closing the other end breaks the pipe for all of them (%u, %llu)", result,
	       (unsigned long long)sum);
	local_end(&l);
}

/* Two readers and two writers, and one end is closed at a moment of its own in each round: nobody hangs, nothing is lost. */
static bool close_in_the_middle(unsigned round)
{
	struct stream *ends[] = {&l.reader, &l.writer};
	enum flow_result result[2];
	uint64_t moved[2] = {};
	bool close_reader = round & 1;

	if (!local_start(&l))
		return false;
	for (unsigned i = 0; i < 2 * 2; i++) {
		users[i] = (struct user){.stream = ends[i & 1]};
		(void)!thread_start(&users[i].thread, i & 1 ? write_much : read_to_end, &users[i], nullptr);
	}
	nap(round * MS / 16);
	stream_close(ends[!close_reader], close_reader ? &l.read : &l.write);
	for (unsigned i = 0; i < 2 * 2; i++) {
		(void)!thread_join(&users[i].thread, nullptr);
		moved[i & 1] += users[i].count;
		result[i & 1] = users[i].result;
	}
	local_end(&l);
	if (close_reader) /* what was under way is in the pipe, at most */
		return result[0] == FLOW_CLOSED && moved[0] <= moved[1] && moved[1] - moved[0] <= 4096;
	return result[0] == FLOW_END && moved[0] == moved[1];
}

static void test_races(void)
{
	unsigned good = 0;

	for (unsigned round = 0; round < 60; round++)
		good += close_in_the_middle(round);
	tap_ok(good == 60,
	       "an end is closed under reads and writes, 60 times: nothing hangs, nothing is lost (%u)",
	       good);
}

void test_stream_threads(void)
{
	struct child_counts before;

	/* What is made once is made now, pages of our own among it. */
	test_closing();
	__builtin_memset(bytes, 1, sizeof(bytes));
	__builtin_memset(sink, 1, sizeof(sink));
	before = child_counts();
	test_readers();
	test_writers();
	test_closing();
	test_races();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
