// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Producer and consumer without a call for each record: data in a buffer that the consumer maps read-only, descriptors
 * in a queue, notifications only when one of them would wait. The consumer here is a thread with mappings of its own.
 */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <shared_buffer/shared_buffer.h>

#include "pipe.h"

enum { SLOTS = 16, SLOT_BYTES = 1024, RECORDS = 2000 };

struct record {
	uint32_t slot, length;
	uint64_t number;
};

/* One side: a queue, the data, a way to wait and to wake. */
struct side {
	struct queue_records queue;
	struct queue_wait wait;
	struct shared_buffer data;
	struct stream_parts parts; /* its memory is the queue's: control page, then records */
	uint64_t address, waits, signals, good;
	struct thread thread;
};

static struct side producer, consumer;
static cap_id data_memory, data_share;

static bool open_side(struct side *s, enum queue_side side)
{
	uint8_t *base;

	if (virtual_memory_map(w.t, w.space, s->parts.memory, 0, 8192, 0,
			       VIRTUAL_MEMORY_PROTECTION_READ_WRITE, &s->address) != STATUS_OK)
		return false;
	base = (uint8_t *)(uintptr_t)s->address;
	return queue_records_init(&s->queue, side, (struct queue_control *)(void *)base, base + 4096, 4096,
				  sizeof(struct record), SLOTS) == STATUS_OK;
}

static void close_side(struct side *s)
{
	(void)!virtual_memory_unmap(w.t, w.space, s->address, 8192);
	stream_parts_release(w.t, &s->parts);
	shared_buffer_detach(&s->data);
}

static void hand_over(struct side *s)
{
	if (!queue_should_signal(&s->queue.end))
		return;
	ring_signal_bits(s->wait.ring, s->parts.bell, 0);
	ring_flush(s->wait.ring);
	s->signals++;
}

static bool wait_for_peer(struct side *s)
{
	if (!queue_arm(&s->queue.end))
		return true;
	s->waits++;
	enum status status = queue_wait_block(&s->wait, soon());
	queue_disarm(&s->queue.end);
	return status == STATUS_OK;
}

static int64_t consume(void *argument)
{
	struct side *s = argument;
	struct record r;
	enum status status;

	queue_wait_init(&s->wait, runtime_ring(), s->parts.ear, 1, 0);
	for (;;) {
		status = queue_peek(&s->queue, &r);
		if (status == STATUS_AGAIN && wait_for_peer(s))
			continue;
		if (status != STATUS_OK)
			break;
		/* The slot is this side's until the queue advances. */
		const uint8_t *bytes = shared_buffer_slot(&s->data, r.slot, 0, r.length);
		bool good = bytes && r.number == s->good && is_pattern(bytes, r.number, r.length);
		s->good += good;
		queue_advance(&s->queue.end, 1);
		hand_over(s);
	}
	queue_wait_fini(&s->wait);
	return status;
}

static bool produce(struct side *s)
{
	queue_wait_init(&s->wait, w.ring, s->parts.ear, 2, 0);
	for (uint64_t n = 0; n < RECORDS;) {
		struct record r = {(uint32_t)(n % SLOTS), (uint32_t)(n * 131 % SLOT_BYTES), n};

		/* As many slots as the queue has places: a free place means a free slot. */
		if (queue_available(&s->queue.end, 1) == 0) {
			if (!wait_for_peer(s))
				return false;
			continue;
		}
		fill_pattern(shared_buffer_slot(&s->data, r.slot, 0, r.length), n, r.length);
		if (queue_put(&s->queue, &r) != STATUS_OK)
			return false;
		hand_over(s);
		n++;
	}
	queue_close(&s->queue.end);
	hand_over(s);
	return true;
}

static void run(void)
{
	int64_t code = 0;
	bool good;

	producer = consumer = (struct side){};
	good = stream_make(w.t, w.space, w.manager, 4096, &consumer.parts, &producer.parts) == STATUS_OK &&
	       shared_buffer_make(&producer.data, w.t, w.space, SLOT_BYTES, SLOTS, &data_memory) ==
		       STATUS_OK &&
	       shared_buffer_share(w.t, w.manager, data_memory, SHARED_BUFFER_READ, &data_share) ==
		       STATUS_OK &&
	       shared_buffer_attach(&consumer.data, w.t, w.space, data_share, SHARED_BUFFER_READ) ==
		       STATUS_OK &&
	       open_side(&producer, QUEUE_PRODUCER) && open_side(&consumer, QUEUE_CONSUMER) &&
	       thread_start(&consumer.thread, consume, &consumer, nullptr) == STATUS_OK;
	if (!tap_ok(good, "a queue of descriptors, a buffer, a consumer"))
		return;
	uint64_t before = w.ring->transport.sequence;
	good = produce(&producer);
	uint64_t submissions = w.ring->transport.sequence - before;
	tap_ok(good && thread_join(&consumer.thread, &code) == STATUS_OK && code == STATUS_DISCONNECTED,
	       "the consumer has taken everything, and seen the end (%lld)", (long long)code);
	tap_ok(consumer.good == RECORDS, "2000 records, in order, with their data");
	tap_ok(submissions == producer.waits + producer.signals && submissions < RECORDS,
	       "without a call for each: the producer waited %llu times and signalled %llu times",
	       (unsigned long long)producer.waits, (unsigned long long)producer.signals);
	close_side(&producer);
	close_side(&consumer);
	ring_release(w.ring, data_memory);
	ring_release(w.ring, data_share);
}

void test_records(void)
{
	struct child_counts before;

	run(); /* what is made once is made now */
	before = child_counts();
	run();
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
