// SPDX-License-Identifier: MIT OR Apache-2.0
/* The byte stream, both ends in one place: order, partial counts, ends; and one end against noise. */
#include <pipe/flow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 64 };

static int test_number, failures;
static struct queue_control control;
static struct flow reader, writer;
static uint8_t *data;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

/* The bytes lie in memory of their own, exactly as long as they are. */
static void start(void)
{
	memset(&control, 0, sizeof(control));
	free(data);
	data = calloc(1, SIZE);
	if (flow_init(&reader, QUEUE_CONSUMER, &control, data, SIZE) != STATUS_OK ||
	    flow_init(&writer, QUEUE_PRODUCER, &control, data, SIZE) != STATUS_OK)
		abort();
}

static void test_random(void)
{
	uint64_t in = 0, out = 0, n;
	uint8_t bytes[3 * SIZE];
	bool good = true;

	start();
	srand(12);
	for (int i = 0; i < 200000; i++) {
		uint64_t len = (uint64_t)rand() % sizeof(bytes), filled = in - out;

		if (rand() & 1) {
			for (uint64_t k = 0; k < len; k++)
				bytes[k] = (uint8_t)((in + k) % 251);
			enum flow_result result = flow_write(&writer, bytes, len, &n);

			good &= n == (len < SIZE - filled ? len : SIZE - filled) &&
				result == (n == len ? FLOW_DONE : FLOW_WAIT);
			in += n;
		} else {
			enum flow_result result = flow_read(&reader, bytes, len, &n);

			/* A reader may not yet know of the newest bytes, but it does when it would wait. */
			good &= n <= len && n <= filled &&
				result == (n == 0 && len > 0 ? FLOW_WAIT : FLOW_DONE);
			good &= result != FLOW_WAIT || filled == 0;
			for (uint64_t k = 0; k < n; k++)
				good &= bytes[k] == (uint8_t)((out + k) % 251);
			out += n;
		}
	}
	report(good && out > 1000000, "bytes come out as they went in, and counts are right");
}

static void test_ends(void)
{
	uint8_t bytes[SIZE] = {};
	uint64_t n;

	start();
	(void)flow_write(&writer, bytes, 10, &n);
	queue_close(&writer.queue);
	report(flow_write(&writer, bytes, 1, &n) == FLOW_CLOSED && n == 0, "a closed writer");
	report(flow_read(&reader, bytes, SIZE, &n) == FLOW_DONE && n == 10 &&
		       flow_read(&reader, bytes, 1, &n) == FLOW_END &&
		       flow_ending(&reader) == FLOW_PEER_CLOSED,
	       "the end comes behind the last byte");

	start();
	(void)flow_write(&writer, bytes, 10, &n);
	reader.gone = true;
	report(flow_read(&reader, bytes, SIZE, &n) == FLOW_DONE && n == 10 &&
		       flow_read(&reader, bytes, 1, &n) == FLOW_END && flow_ending(&reader) == FLOW_PEER_GONE,
	       "a dead writer: the same");

	start();
	queue_close(&reader.queue);
	report(flow_write(&writer, bytes, 1, &n) == FLOW_BROKEN && n == 0,
	       "the reader has closed: broken, though there is room");
	report(flow_write(&writer, bytes, 0, &n) == FLOW_BROKEN, "for no bytes, too");
	report(flow_read(&reader, bytes, 1, &n) == FLOW_CLOSED, "a closed reader");

	start();
	writer.gone = true;
	report(flow_write(&writer, bytes, 1, &n) == FLOW_BROKEN, "the reader is dead: the same");

	start();
	(void)flow_write(&writer, bytes, 10, &n);
	(void)flow_read(&reader, bytes, 4, &n);
	control.producer.position = 10 + SIZE + 1;
	report(flow_read(&reader, bytes, SIZE, &n) == FLOW_DONE && n == 6 &&
		       flow_read(&reader, bytes, 1, &n) == FLOW_END &&
		       flow_ending(&reader) == FLOW_PEER_VIOLATED,
	       "an impossible count: what was known is read, then the end");
	control.consumer.position = 11;
	report(flow_write(&writer, bytes, 1, &n) == FLOW_BROKEN && flow_ending(&writer) == FLOW_PEER_VIOLATED,
	       "one of the reader's breaks the pipe");
}

static void test_noise(void)
{
	uint8_t bytes[2 * SIZE] = {};
	bool good = true;
	uint64_t n;

	srand(99);
	for (int run = 0; run < 3000; run++) {
		bool reading = run & 1;

		start();
		for (int i = 0; i < 50; i++) {
			uint64_t *words = (uint64_t *)(void *)&control,
				 len = (uint64_t)rand() % sizeof(bytes);
			uint64_t noise = (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ (uint64_t)rand();

			words[(unsigned)rand() % (sizeof(control) / 8)] = rand() & 3 ? noise % (2 * SIZE)
										     : noise;
			if (reading)
				(void)flow_read(&reader, bytes, len, &n);
			else
				(void)flow_write(&writer, bytes, len, &n);
			good &= n <= len && n <= SIZE;
			good &= queue_index(reading ? &reader.queue : &writer.queue) < SIZE;
		}
	}
	report(good, "noise in the control block moves nothing out of bounds");
}

int main(void)
{
	test_random();
	test_ends();
	test_noise();
	free(data);
	printf("1..%d\n", test_number);
	return failures != 0;
}
