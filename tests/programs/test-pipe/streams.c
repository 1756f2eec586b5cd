// SPDX-License-Identifier: MIT OR Apache-2.0
/* Streams between two processes: both directions, partial counts, ends, deaths in every state, and lies. */
#include "streams.h"

#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/process_handle.capnp.h>

static uint8_t bytes[4 * CAPACITY];
static struct other o;
static bool by_bits; /* deaths are learned by GONE bits alone, not by a handle */

bool read_all(struct stream *stream, struct queue_wait *wait, uint64_t *count)
{
	static _Thread_local uint8_t piece[2500];
	uint64_t n, size = 1;

	*count = 0;
	for (;; size = size * 11 % 2499 + 1) {
		enum flow_result result = stream_read(stream, wait, piece, size, soon(), &n);

		if (result != FLOW_DONE)
			return result == FLOW_END;
		if (!is_pattern(piece, *count, n))
			return false;
		*count += n;
	}
}

static bool start_child(const char *what, const struct stream_parts *parts, cap_id life, cap_id *handle)
{
	struct spawn_grant grants[7] = {
		child_grant("console"),
		child_grant_space(),
		child_grant_as("memory", parts->memory, MEMORY_OBJECT_INTERFACE_ID),
		child_grant_as("ear", parts->ear, NOTIFICATION_INTERFACE_ID),
		child_grant_as("bell", parts->bell, NOTIFICATION_INTERFACE_ID),
	};
	uint32_t count = 5;

	if (parts->peer.raw)
		grants[count++] = child_grant_as("peer", parts->peer, PROCESS_HANDLE_INTERFACE_ID);
	if (life.raw)
		grants[count++] = child_grant_as("endpoint", life, ENDPOINT_INTERFACE_ID);

	return child_start("test-pipe",
			   &(struct child_options){
				   .grants = grants, .grant_count = count, .arguments = {"stream", what}},
			   handle) == STATUS_OK;
}

bool other_start(struct other *other, enum queue_side side, const char *what)
{
	struct stream_parts parts[2]; /* by side */

	if (stream_make(w.t, w.space, w.manager, CAPACITY, &parts[QUEUE_CONSUMER], &parts[QUEUE_PRODUCER]) !=
	    STATUS_OK)
		return false;
	if (!start_child(what, &parts[side], CAP_ID_NULL, &other->handle))
		return false;
	stream_parts_release(w.t, &parts[side]);

	enum queue_side mine = side == QUEUE_PRODUCER ? QUEUE_CONSUMER : QUEUE_PRODUCER;

	parts[mine].peer = by_bits ? CAP_ID_NULL : other->handle;
	if (stream_open(&other->stream, mine, &parts[mine], w.t, w.space) != STATUS_OK)
		return false;
	stream_wait_init(&other->wait, &other->stream, w.ring);
	return true;
}

struct spawn_exit other_end(struct other *other)
{
	struct spawn_exit exit;

	stream_close(&other->stream, &other->wait);
	queue_wait_fini(&other->wait);
	exit = child_wait(other->handle);
	(void)!stream_fini(&other->stream);
	stream_parts_release(w.t, &other->stream.parts);
	return exit;
}

static bool ended_well(struct other *other)
{
	struct spawn_exit e = other_end(other);

	if (e.reason != PROCESS_HANDLE_EXIT_REASON_EXIT || e.code != 0)
		tap_note("the child: reason %u, code %lld", e.reason, (long long)e.code);
	return e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 0;
}

/* Until the peer has come so far (bounded); then it has a moment to do what comes next: to wait. */
static void wait_for_position(const struct stream *stream, uint64_t position)
{
	uint64_t end = soon();

	while (queue_observe(&stream->flow.queue.peer->position) < position && runtime_now() < end)
		nap(MS);
	nap(5 * MS);
}

bool local_start(struct local *l)
{
	struct stream_parts reader, writer;

	if (stream_make(w.t, w.space, w.manager, 4096, &reader, &writer) != STATUS_OK ||
	    stream_open(&l->reader, QUEUE_CONSUMER, &reader, w.t, w.space) != STATUS_OK ||
	    stream_open(&l->writer, QUEUE_PRODUCER, &writer, w.t, w.space) != STATUS_OK)
		return false;
	stream_wait_init(&l->read, &l->reader, w.ring);
	stream_wait_init(&l->write, &l->writer, w.ring);
	return true;
}

void local_end(struct local *l)
{
	stream_close(&l->writer, &l->write);
	stream_close(&l->reader, &l->read);
	(void)!stream_fini(&l->writer);
	(void)!stream_fini(&l->reader);
	stream_parts_release(w.t, &l->reader.parts);
	stream_parts_release(w.t, &l->writer.parts);
}

/* ---- Well-behaved ---- */

static void test_transfer(void)
{
	uint64_t count = 0, done = 0, n = 0;
	bool good;

	tap_ok(other_start(&o, QUEUE_PRODUCER, "write-and-close"), "a child that writes");
	good = read_all(&o.stream, &o.wait, &count);
	tap_ok(good && count == 1 << 20, "a megabyte arrives in order, then the end (%llu)",
	       (unsigned long long)count);
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_CLOSED, "which was a closing");
	tap_ok(stream_read(&o.stream, &o.wait, bytes, 1, soon(), &n) == FLOW_END, "the end stays");
	tap_ok(ended_well(&o), "and the child is content");

	tap_ok(other_start(&o, QUEUE_CONSUMER, "read-and-check"), "a child that reads");
	for (good = true; good && done < 1 << 20; done += n) {
		uint64_t len = sizeof(bytes) < (1 << 20) - done ? sizeof(bytes) : (1 << 20) - done;

		fill_pattern(bytes, done, len);
		good = stream_write(&o.stream, &o.wait, bytes, len, soon(), &n) == FLOW_DONE;
	}
	tap_ok(good, "a megabyte is written, four times the pipe at once");
	tap_ok(ended_well(&o), "and the child read it");
}

static void test_partial(void)
{
	static struct local l;
	uint64_t n = 0;

	tap_ok(local_start(&l), "a pipe with both ends here");
	tap_ok(stream_read(&l.reader, &l.read, bytes, 10, STREAM_NO_WAIT, &n) == FLOW_WAIT && n == 0,
	       "nothing to read");
	tap_ok(stream_read(&l.reader, &l.read, bytes, 10, runtime_now() + 5 * MS, &n) == FLOW_TIMED_OUT &&
		       n == 0,
	       "not until the deadline either");
	tap_ok(stream_write(&l.writer, &l.write, bytes, 4000, STREAM_NO_WAIT, &n) == FLOW_DONE && n == 4000,
	       "4000 bytes fit");
	tap_ok(stream_write(&l.writer, &l.write, bytes, 200, STREAM_NO_WAIT, &n) == FLOW_WAIT && n == 96,
	       "of the next 200, 96: a partial write says its count");
	tap_ok(stream_write(&l.writer, &l.write, bytes, 200, runtime_now() + 5 * MS, &n) == FLOW_TIMED_OUT &&
		       n == 0,
	       "no more until the deadline");
	tap_ok(stream_read(&l.reader, &l.read, bytes, 0, STREAM_NO_WAIT, &n) == FLOW_DONE && n == 0,
	       "reading no byte");
	tap_ok(stream_read(&l.reader, &l.read, bytes, sizeof(bytes), STREAM_NO_WAIT, &n) == FLOW_DONE &&
		       n == 4096,
	       "all that there is, in one read");
	(void)stream_write(&l.writer, &l.write, bytes, 3, STREAM_NO_WAIT, &n);
	stream_close(&l.writer, &l.write);
	tap_ok(stream_write(&l.writer, &l.write, bytes, 1, STREAM_NO_WAIT, &n) == FLOW_CLOSED,
	       "a closed end writes nothing");
	tap_ok(stream_read(&l.reader, &l.read, bytes, 2, STREAM_NO_WAIT, &n) == FLOW_DONE && n == 2 &&
		       stream_read(&l.reader, &l.read, bytes, 2, STREAM_NO_WAIT, &n) == FLOW_DONE && n == 1 &&
		       stream_read(&l.reader, &l.read, bytes, 2, STREAM_NO_WAIT, &n) == FLOW_END,
	       "what was written before the closing is read before the end");
	local_end(&l);
	(void)local_start(&l);
	stream_close(&l.reader, &l.read);
	tap_ok(stream_write(&l.writer, &l.write, bytes, 1, STREAM_NO_WAIT, &n) == FLOW_BROKEN && n == 0,
	       "writing without a reader: broken pipe");
	tap_ok(stream_read(&l.reader, &l.read, bytes, 1, STREAM_NO_WAIT, &n) == FLOW_CLOSED,
	       "a closed end reads nothing");
	local_end(&l);
}

static void test_refusals(void)
{
	struct stream_parts reader, writer;
	static struct stream stream;
	enum status status;

	tap_ok(stream_make(w.t, w.space, w.manager, 5000, &reader, &writer) == STATUS_INVALID &&
		       stream_make(w.t, w.space, w.manager, 2048, &reader, &writer) == STATUS_INVALID,
	       "a capacity is a power of two from 4096");
	if (stream_make(w.t, w.space, w.manager, 4096, &reader, &writer) != STATUS_OK)
		return;
	ring_signal_bits(w.ring, reader.ear, 1);
	tap_ok(notification_signal(w.t, reader.bell, 0) == STATUS_OK &&
		       notification_signal(w.t, reader.bell, 1) == STATUS_EXCEPTION &&
		       notification_signal(w.t, reader.bell, 4) == STATUS_EXCEPTION,
	       "a bell sets no bits but the peer's");
	uint64_t taken;
	tap_is(ring_wait_bits(w.ring, reader.bell, 2, soon(), &taken), STATUS_DENIED, "and waits for none");
	cap_id own = reader.memory;
	reader.memory = writer.bell;
	status = stream_open(&stream, QUEUE_CONSUMER, &reader, w.t, w.space);
	tap_ok(status != STATUS_OK, "what is no memory is no stream (%s)", tap_status_name(status));
	reader.memory = own;
	stream_parts_release(w.t, &reader);
	stream_parts_release(w.t, &writer);
}

void test_streams(void)
{
	struct child_counts before;

	/* What is made once is made now, pages of our own among it. */
	test_transfer();
	test_partial();
	test_refusals();
	before = child_counts();
	test_transfer();
	test_partial();
	test_refusals();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}

/* ---- Deaths and lies ---- */

static void test_writer_dies(void)
{
	uint64_t count = 0;

	(void)other_start(&o, QUEUE_PRODUCER, "write-and-exit");
	tap_ok(read_all(&o.stream, &o.wait, &count) && count == 5000,
	       "a writer dies: everything it wrote, then the end");
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_GONE, "which was a death");
	tap_ok(ended_well(&o), "of natural causes");

	(void)other_start(&o, QUEUE_PRODUCER, "write-for-ever");
	wait_for_position(&o.stream, CAPACITY); /* the pipe is full */
	(void)!spawn_kill(w.t, o.handle, 1);
	tap_ok(read_all(&o.stream, &o.wait, &count) && count == CAPACITY,
	       "a waiting writer is killed: the whole pipe, then the end");
	(void)other_end(&o);
}

/* The peer is killed at any moment, while bytes flow: what comes is a beginning of the stream; nobody hangs. */
static void test_killed_anywhere(void)
{
	unsigned good = 0;
	uint64_t count, n;

	for (unsigned round = 0; round < 10; round++) {
		(void)other_start(&o, QUEUE_PRODUCER, "write-and-close");
		bool fine = stream_read(&o.stream, &o.wait, bytes, 1, soon(), &n) == FLOW_DONE &&
			    bytes[0] == pattern(0);
		uint64_t end = runtime_now() + round * MS / 8;
		for (count = n; fine && runtime_now() < end; count += n)
			fine = stream_read(&o.stream, &o.wait, bytes, 300, soon(), &n) == FLOW_DONE &&
			       is_pattern(bytes, count, n);
		(void)!spawn_kill(w.t, o.handle, 1);
		enum flow_result result;
		for (; (result = stream_read(&o.stream, &o.wait, bytes, 5000, soon(), &n)) == FLOW_DONE;
		     count += n)
			fine &= is_pattern(bytes, count, n);
		good += fine && result == FLOW_END;
		(void)other_end(&o);
	}
	tap_ok(good == 10, "a writer killed anywhere: the beginning of its stream, then the end (%u of 10)",
	       good);

	good = 0;
	for (unsigned round = 0; round < 10; round++) {
		(void)other_start(&o, QUEUE_CONSUMER, "read-and-check");
		uint64_t end = runtime_now() + 20 * MS + round * MS / 8, done = 0;
		enum flow_result result = FLOW_DONE;
		for (; result == FLOW_DONE && done < 900 * 1024; done += n) {
			fill_pattern(bytes, done, 1000);
			if (runtime_now() >= end) {
				(void)!spawn_kill(w.t, o.handle, 1);
				end = UINT64_MAX;
			}
			result = stream_write(&o.stream, &o.wait, bytes, 1000, soon(), &n);
		}
		(void)!spawn_kill(w.t, o.handle, 1); /* if it was faster */
		nap(MS);
		for (unsigned i = 0; i < 2 && result == FLOW_DONE; i++)
			result = stream_write(&o.stream, &o.wait, bytes, 1, soon(), &n);
		good += result == FLOW_BROKEN;
		(void)other_end(&o);
	}
	tap_ok(good == 10, "a reader killed anywhere: broken pipe (%u of 10)", good);
}

static void test_reader_dies(void)
{
	enum flow_result result;
	uint64_t n = 0;

	fill_pattern(bytes, 0, sizeof(bytes));
	(void)other_start(&o, QUEUE_CONSUMER, "read-and-close");
	result = stream_write(&o.stream, &o.wait, bytes, sizeof(bytes), soon(), &n);
	tap_ok(result == FLOW_BROKEN && n > 0 && n <= CAPACITY + 100,
	       "the reader closes under a waiting write: broken, with its count");
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_CLOSED && ended_well(&o), "closed");

	(void)other_start(&o, QUEUE_CONSUMER, "read-and-exit");
	result = stream_write(&o.stream, &o.wait, bytes, sizeof(bytes), soon(), &n);
	tap_ok(result == FLOW_BROKEN && n > 0 && n <= CAPACITY + 100,
	       "the reader dies under a waiting write: the same");
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_GONE, "dead");
	tap_ok(stream_write(&o.stream, &o.wait, bytes, 1, soon(), &n) == FLOW_BROKEN && n == 0,
	       "and broken it stays");
	tap_ok(ended_well(&o), "of natural causes");

	(void)other_start(&o, QUEUE_CONSUMER, "close-at-once");
	struct spawn_exit exit;
	(void)!spawn_wait(w.t, o.handle, soon(), &exit);
	result = stream_write(&o.stream, &o.wait, bytes, 10, soon(), &n);
	tap_ok(result == FLOW_BROKEN && n == 0, "the first write to a reader that closed");
	(void)other_end(&o);

	(void)other_start(&o, QUEUE_CONSUMER, "read-and-exit");
	result = stream_write(&o.stream, &o.wait, bytes, 100, soon(), &n);
	(void)!spawn_wait(w.t, o.handle, soon(), &exit); /* it has read them, and has gone */
	unsigned taken = 0;
	for (; taken < 10 && stream_write(&o.stream, &o.wait, bytes, 10, soon(), &n) == FLOW_DONE; taken++)
		;
	tap_ok(result == FLOW_DONE && taken <= 1, "at most one write is taken after the reader's death (%u)",
	       taken);
	(void)other_end(&o);
}

/* A writer and a reader, both children, that watch each other. */
static void test_siblings(void)
{
	struct stream_parts reader, writer;
	cap_id writing, reading, writers_life = {};

	if (stream_make(w.t, w.space, w.manager, CAPACITY, &reader, &writer) != STATUS_OK)
		return;
	tap_ok(start_child("write-for-ever", &writer, CAP_ID_NULL, &writing), "a child that writes");
	tap_is(capability_manager_attenuate(w.t, w.manager, writing, PROCESS_HANDLE_INTERFACE_ID,
					    1ull << PROCESS_HANDLE_WAIT, &writers_life),
	       STATUS_OK, "its life: a handle that can do nothing but wait");
	if (stream_open(&o.stream, QUEUE_CONSUMER, &reader, w.t, w.space) == STATUS_OK) {
		wait_for_position(&o.stream, CAPACITY); /* only looks */
		(void)!stream_fini(&o.stream);
	}
	(void)!spawn_kill(w.t, writing, 1);
	reader.peer = writers_life;
	tap_ok(start_child("read-until-end", &reader, CAP_ID_NULL, &reading), "a child that reads");
	stream_parts_release(w.t, &reader);
	stream_parts_release(w.t, &writer);
	struct spawn_exit e = child_wait(reading);
	tap_ok(e.reason == PROCESS_HANDLE_EXIT_REASON_EXIT && e.code == 0,
	       "opens its end after the writer's death, and reads what that left (code %lld)",
	       (long long)e.code);
	(void)child_wait(writing);
	ring_release(w.ring, writers_life);
}

/*
 * A child that gives no handle of itself: its life is an endpoint that only it holds, whose facet looks like a
 * ProcessHandle and never answers.
 */
static void test_life_by_facet(void)
{
	struct stream_parts reader, writer;
	cap_id endpoint = {}, facets = {};
	uint64_t count = 0;
	bool good = capability_manager_create_endpoint(w.t, w.manager, 256, 1, &endpoint) == STATUS_OK &&
		    make_template(endpoint, PROCESS_HANDLE_INTERFACE_ID, &facets) == STATUS_OK &&
		    stream_make(w.t, w.space, w.manager, CAPACITY, &reader, &writer) == STATUS_OK &&
		    make_facet(facets, PROCESS_HANDLE_INTERFACE_ID, 1, &reader.peer) == STATUS_OK &&
		    start_child("write-and-exit", &writer, endpoint, &o.handle) &&
		    stream_open(&o.stream, QUEUE_CONSUMER, &reader, w.t, w.space) == STATUS_OK;

	ring_release(w.ring, endpoint);
	ring_release(w.ring, facets);
	stream_parts_release(w.t, &writer);
	stream_wait_init(&o.wait, &o.stream, w.ring);
	tap_ok(good && read_all(&o.stream, &o.wait, &count) && count == 5000 &&
		       stream_ending(&o.stream) == FLOW_PEER_GONE,
	       "a life that is a call never answered ends with its process");
	ring_release(w.ring, o.stream.parts.peer);
	(void)other_end(&o);
}

/* The reader waits, and is woken by a write that itself neither waits nor is followed by an entry into the kernel. */
static void test_wake_at_once(void)
{
	uint64_t n = 0, end;
	bool moved = false;

	(void)other_start(&o, QUEUE_CONSUMER, "read-and-close");
	nap(20 * MS);
	enum flow_result result = stream_write(&o.stream, &o.wait, bytes, sizeof(bytes), STREAM_NO_WAIT, &n);
	for (end = runtime_now() + 1000 * MS; !moved && runtime_now() < end;)
		moved = queue_observe(&o.stream.flow.queue.peer->position) > 0;
	tap_ok(result == FLOW_WAIT && n == CAPACITY && moved,
	       "a write that does not wait wakes its reader all the same");
	(void)other_end(&o);
}

static void test_lies(void)
{
	uint64_t count = 0, n;

	(void)other_start(&o, QUEUE_PRODUCER, "claim-too-much");
	tap_ok(read_all(&o.stream, &o.wait, &count) && count == 1000,
	       "a writer that claims too much: what was good, then the end");
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_VIOLATED, "which was a violation");
	(void)other_end(&o);

	(void)other_start(&o, QUEUE_CONSUMER, "claim-the-future");
	tap_ok(stream_write(&o.stream, &o.wait, bytes, sizeof(bytes), soon(), &n) == FLOW_BROKEN &&
		       n == CAPACITY,
	       "a reader that has read the future: broken pipe");
	(void)other_end(&o);

	(void)other_start(&o, QUEUE_CONSUMER, "go-backwards");
	tap_ok(stream_write(&o.stream, &o.wait, bytes, sizeof(bytes), soon(), &n) == FLOW_BROKEN,
	       "a reader that goes backwards: broken pipe");
	tap_ok(stream_ending(&o.stream) == FLOW_PEER_VIOLATED, "which was a violation");
	(void)other_end(&o);

	(void)other_start(&o, QUEUE_PRODUCER, "scribbling-writer");
	enum flow_result result;
	uint64_t started = runtime_now();
	count = 0;
	do {
		result = stream_read(&o.stream, &o.wait, bytes, 500, runtime_now() + 300 * MS, &n);
		count += n;
	} while (result == FLOW_DONE && runtime_now() < started + 2000 * MS);
	tap_ok(result == FLOW_END, "a writer that scribbles everywhere is over (%u)", result);
	(void)other_end(&o);

	(void)other_start(&o, QUEUE_CONSUMER, "scribbling-reader");
	do
		result = stream_write(&o.stream, &o.wait, bytes, 500, runtime_now() + 300 * MS, &n);
	while (result == FLOW_DONE);
	tap_ok(result == FLOW_BROKEN, "a reader that does, too (%u)", result);
	(void)other_end(&o);
}

void test_stream_deaths(void)
{
	struct child_counts before;

	test_life_by_facet(); /* what is made once is made now */
	before = child_counts();
	test_writer_dies();
	test_reader_dies();
	test_killed_anywhere();
	test_siblings();
	test_life_by_facet();
	test_wake_at_once();
	test_lies();
	by_bits = true;
	tap_note("the same deaths, known by GONE bits alone:");
	test_writer_dies();
	test_reader_dies();
	test_killed_anywhere();
	by_bits = false;
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
