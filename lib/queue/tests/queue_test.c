// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The queue against peers that keep to the protocol and peers that do not: whatever stands in the shared words, no
 * index leaves the records (they end where the sanitizer watches), and what is believed stays within the size.
 */
#include <queue/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void test_geometry(void)
{
	static struct queue_control control;
	struct queue_records queue;
	uint64_t records[4];
	struct queue_end end;

	report(queue_init(&end, QUEUE_PRODUCER, &control, 0) == STATUS_INVALID &&
		       queue_init(&end, QUEUE_PRODUCER, &control, 3) == STATUS_INVALID &&
		       queue_init(&end, QUEUE_PRODUCER, &control, 1ull << 63) == STATUS_INVALID &&
		       queue_init(&end, QUEUE_PRODUCER, &control, 1) == STATUS_OK,
	       "sizes are powers of two up to 2^62");
	report(queue_records_init(&queue, QUEUE_PRODUCER, &control, records, 32, 8, 8) == STATUS_INVALID &&
		       queue_records_init(&queue, QUEUE_PRODUCER, &control, records, 32, 8, 1ull << 61) ==
			       STATUS_INVALID &&
		       queue_records_init(&queue, QUEUE_PRODUCER, &control, records, 32, 0, 4) ==
			       STATUS_INVALID &&
		       queue_records_init(&queue, QUEUE_PRODUCER, &control, records, 32, 8, 4) == STATUS_OK,
	       "records must fit, also when the product overflows");
}

static void test_fill_and_drain(uint64_t start, const char *what)
{
	struct queue_control control = {.producer.position = start, .consumer.position = start};
	uint64_t *records = malloc(8 * sizeof(*records)), value;
	struct queue_records put, take;
	bool good = queue_records_init(&put, QUEUE_PRODUCER, &control, records, 64, 8, 8) == STATUS_OK &&
		    queue_records_init(&take, QUEUE_CONSUMER, &control, records, 64, 8, 8) == STATUS_OK;

	put.end.position = put.end.seen = take.end.position = take.end.seen = start;
	for (uint64_t round = 0, in = 0, out = 0; round < 200; round++) {
		for (uint64_t n = next_random() % 10; n > 0; n--) {
			enum status status = queue_put(&put, &in);

			good &= status == (in - out == 8 ? STATUS_AGAIN : STATUS_OK);
			in += status == STATUS_OK;
		}
		for (uint64_t n = next_random() % 10; n > 0; n--) {
			enum status status = queue_take(&take, &value);

			good &= status == (in == out ? STATUS_AGAIN : STATUS_OK);
			good &= status != STATUS_OK || value == out++;
		}
	}
	free(records);
	report(good, what);
}

static void test_close(void)
{
	struct queue_control control = {};
	uint64_t records[4], value = 7;
	struct queue_records put, take;
	bool good = queue_records_init(&put, QUEUE_PRODUCER, &control, records, 32, 8, 4) == STATUS_OK &&
		    queue_records_init(&take, QUEUE_CONSUMER, &control, records, 32, 8, 4) == STATUS_OK;

	good &= queue_put(&put, &value) == STATUS_OK && queue_put(&put, &value) == STATUS_OK;
	queue_close(&put.end);
	report(good && queue_put(&put, &value) == STATUS_BAD_STATE, "a closed end puts nothing");
	report(queue_take(&take, &value) == STATUS_OK && queue_take(&take, &value) == STATUS_OK &&
		       queue_take(&take, &value) == STATUS_DISCONNECTED,
	       "what was put before the closing is taken, then the end is seen");
	report(!queue_arm(&take.end), "nobody waits for a peer that has closed");
	control.producer.position++;
	report(queue_take(&take, &value) == STATUS_DISCONNECTED || take.end.violated,
	       "nothing comes after it");

	memset(&control, 0, sizeof(control));
	good = queue_records_init(&put, QUEUE_PRODUCER, &control, records, 32, 8, 4) == STATUS_OK &&
	       queue_records_init(&take, QUEUE_CONSUMER, &control, records, 32, 8, 4) == STATUS_OK;
	for (int i = 0; i < 4; i++)
		good &= queue_put(&put, &value) == STATUS_OK;
	queue_close(&take.end);
	report(good && queue_put(&put, &value) == STATUS_DISCONNECTED,
	       "a full queue whose consumer has closed");
}

/* ---- Hostile counters ---- */

static const uint64_t offsets[] = {0,
				   1,
				   2,
				   7,
				   8,
				   9,
				   15,
				   16,
				   17,
				   1ull << 31,
				   1ull << 32,
				   (1ull << 32) + 1,
				   1ull << 62,
				   1ull << 63,
				   -(1ull << 63),
				   -(1ull << 32),
				   -17ull,
				   -16ull,
				   -9ull,
				   -8ull,
				   -2ull,
				   -1ull};
#define OFFSETS (sizeof(offsets) / sizeof(offsets[0]))

/* From each state (own position, outstanding), each value of the peer's counter: believed exactly if it is possible. */
static void test_corners(enum queue_side side, const char *what)
{
	static const uint64_t starts[] = {0, 5, UINT32_MAX, 1ull << 63, UINT64_MAX - 3, UINT64_MAX};
	uint64_t *records = malloc(64), value = 0;
	bool good = true;

	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (uint64_t used = 0; used <= 8; used++) {
			for (size_t o = 0; o < OFFSETS; o++) {
				struct queue_control control = {};
				struct queue_records q;
				struct queue_line *peer = side == QUEUE_PRODUCER ? &control.consumer
										 : &control.producer;

				good &= queue_records_init(&q, side, &control, records, 64, 8, 8) ==
					STATUS_OK;
				q.end.position = starts[s];
				q.end.seen = side == QUEUE_PRODUCER ? starts[s] - used : starts[s] + used;
				peer->position = q.end.seen + offsets[o];
				/* used: in the queue. The producer's peer may take those, the consumer's fill the rest. */
				bool possible = offsets[o] <= (side == QUEUE_PRODUCER ? used : 8 - used);
				uint64_t n = queue_available(&q.end, UINT64_MAX);

				good &= q.end.violated == !possible && n <= 8 && (possible || n == 0);
				for (int i = 0; i < 10; i++)
					(void)!(side == QUEUE_PRODUCER ? queue_put(&q, &value)
								       : queue_take(&q, &value));
				good &= possible ||
					(side == QUEUE_PRODUCER ? queue_put(&q, &value)
								: queue_take(&q, &value)) == STATUS_PROTOCOL;
				good &= possible || !queue_arm(&q.end); /* nobody waits for it, either */
				good &= q.end.position - starts[s] <= 8 || !q.end.violated;
			}
		}
	}
	free(records);
	report(good, what);
}

/* A peer that writes anything at any moment, for long. */
static void test_noise(void)
{
	uint8_t *records = malloc(16 * 3), value[3] = {};
	uint64_t signals = 0, publishes = 0;
	bool good = true;

	for (int run = 0; run < 2000; run++) {
		struct queue_control control = {};
		enum queue_side side = run & 1 ? QUEUE_PRODUCER : QUEUE_CONSUMER;
		struct queue_line *peer = side == QUEUE_PRODUCER ? &control.consumer : &control.producer;
		struct queue_records q;

		good &= queue_records_init(&q, side, &control, records, 48, 3, 16) == STATUS_OK;
		for (int step = 0; step < 60; step++) {
			uint64_t noise = next_random();

			switch (noise % 5) {
			case 0:
				peer->position += noise >> 8 & 15;
				break;
			case 1:
				peer->position = noise % 97 == 0 ? noise : peer->position;
				break;
			case 2:
				peer->armed = noise >> 3;
				break;
			case 3:
				peer->closed = noise % 31 == 0;
				break;
			default:
				memset(&control, (int)(noise & 1) * 255,
				       noise % 53 == 0 ? sizeof(control) : 0);
				break;
			}
			good &= queue_index(&q.end) < 16;
			(void)!(side == QUEUE_PRODUCER ? queue_put(&q, value) : queue_take(&q, value));
			publishes++;
			signals += queue_should_signal(&q.end);
			if (queue_arm(&q.end))
				queue_disarm(&q.end);
			good &= queue_available(&q.end, next_random() % 20) <= 16;
		}
	}
	free(records);
	report(good, "noise in the peer's line moves nothing out of bounds");
	report(signals <= publishes, "at most one signal for each change of our own");
}

static void test_signals(void)
{
	struct queue_control control = {};
	struct queue_end producer, consumer;
	bool good = queue_init(&producer, QUEUE_PRODUCER, &control, 4) == STATUS_OK &&
		    queue_init(&consumer, QUEUE_CONSUMER, &control, 4) == STATUS_OK;

	queue_advance(&producer, 1);
	report(good && !queue_should_signal(&producer), "no signal for a peer that does not wait");
	report(!queue_arm(&consumer), "no waiting while there is something");
	queue_advance(&consumer, queue_available(&consumer, 1));
	report(queue_arm(&consumer), "waiting when there is nothing");
	queue_advance(&producer, 1);
	report(queue_should_signal(&producer), "a signal is due then");
	queue_advance(&producer, 1);
	report(!queue_should_signal(&producer), "one, not two");
	queue_advance(&consumer, queue_available(&consumer, 2));
	report(queue_arm(&consumer), "the next arming is another one");
	queue_close(&producer);
	report(queue_should_signal(&producer), "and closing answers it");
	queue_advance(&consumer, 100);
	report(consumer.position == 3, "more than there is cannot be handed over");
}

int main(void)
{
	test_geometry();
	test_fill_and_drain(0, "records come out as they went in");
	test_fill_and_drain(UINT64_MAX - 50, "also when the counts wrap");
	test_close();
	test_signals();
	test_corners(QUEUE_PRODUCER, "producer: every corner of the consumer's counter");
	test_corners(QUEUE_CONSUMER, "consumer: every corner of the producer's counter");
	test_noise();
	printf("1..%d\n", test_number);
	return failures != 0;
}
