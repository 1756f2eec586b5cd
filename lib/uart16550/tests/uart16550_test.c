// SPDX-License-Identifier: MIT OR Apache-2.0
/* The driver in front of a model of the device: one that works, one that is slow, one that lies, and none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uart16550/uart16550.h>

enum { FEED_MAX = 65536 };

struct model {
	uint8_t feed[FEED_MAX]; /* what the other side sends */
	uint32_t feed_len, feed_at;
	uint8_t sent[FEED_MAX];
	uint32_t sent_len;
	uint8_t ier, lcr, mcr, fcr;
	uint32_t stalled; /* so many status reads say "not empty" */
	bool hostile, absent, revoked;
	uint64_t accesses;
};

static struct model model;
static struct uart16550 uart;
static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static bool empty(void)
{
	if (model.stalled == 0)
		return true;
	model.stalled--;
	return false;
}

static bool read_model(void *self, unsigned reg, uint8_t *value)
{
	(void)self;
	model.accesses++;
	if (model.revoked)
		return false;
	*value = 0;
	if (model.absent) {
		*value = 0xff;
	} else if (model.hostile) {
		*value = (uint8_t)rand();
	} else if (reg == 0) {
		*value = model.feed_at < model.feed_len ? model.feed[model.feed_at++] : 0;
	} else if (reg == 2) {
		bool received = model.ier & 1 && model.feed_at < model.feed_len;

		*value = received ? 0xc4 : model.ier & 2 && model.stalled == 0 ? 0xc2 : 0xc1;
	} else if (reg == 5) {
		*value = (uint8_t)((model.feed_at < model.feed_len) | (empty() ? 0x60 : 0));
	}
	return true;
}

static bool write_model(void *self, unsigned reg, uint8_t value)
{
	(void)self;
	model.accesses++;
	if (reg == 1 && !(model.lcr & 0x80)) {
		model.ier = value;
	} else if (reg == 2) {
		if ((value ^ model.fcr) & 1 && model.feed_at < model.feed_len)
			model.feed_at++; /* what was in the receiver goes */
		model.fcr = value;
	} else if (reg == 3) {
		model.lcr = value;
	} else if (reg == 4) {
		model.mcr = value;
	}
	return !model.revoked;
}

static bool write_bytes_model(void *self, const uint8_t *bytes, unsigned count)
{
	(void)self;
	model.accesses++;
	if (model.sent_len + count > FEED_MAX)
		abort();
	memcpy(model.sent + model.sent_len, bytes, count);
	model.sent_len += count;
	return !model.revoked;
}

static void start(void)
{
	uart16550_init(&uart, (struct uart16550_access){read_model, write_model, write_bytes_model, nullptr});
}

static void feed(uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		model.feed[i] = (uint8_t)(i * 7 + (i >> 8));
	model.feed_len = len;
}

static void test_setup(void)
{
	start();
	report(!uart.gone && model.ier == 1 && model.lcr == 3 && model.mcr == 0x0b && model.fcr == 1,
	       "set up: 8N1, FIFO on and not cleared, receive interrupt on");
}

/* Typed, or piped in, while the machine started. */
static void test_early(void)
{
	uint8_t byte = 0;

	model.fcr = 0;
	model.feed[0] = 'c';
	model.feed_len = 1;
	start();
	uart16550_service(&uart);
	report(uart16550_receive(&uart, &byte, 1) == 1 && byte == 'c',
	       "what came before the FIFO was on is not lost by that");
	model.feed_at = 0;
}

static void test_flow(void)
{
	uint8_t bytes[FEED_MAX];
	uint32_t got = 0;

	feed(50000);
	for (int i = 0; i < 100 && uart16550_service(&uart); i++)
		;
	report(uart16550_waiting(&uart) == UART16550_RECEIVED && model.feed_at == UART16550_RECEIVED &&
		       !(model.ier & 1),
	       "a full buffer leaves the rest in the device and switches its interrupt off");
	for (int i = 0; i < 1000 && got < 50000; i++) {
		got += (uint32_t)uart16550_receive(&uart, bytes + got, 3000);
		uart16550_service(&uart);
	}
	report(got == 50000 && memcmp(bytes, model.feed, got) == 0, "all of it arrives, in order");
}

static void test_send(void)
{
	uint8_t bytes[10000];
	size_t sent;

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 13);
	sent = uart16550_send(&uart, bytes, 100);
	report(sent == 100 && model.sent_len == 100 && !(model.ier & 2),
	       "a device that is ready takes all at once");

	model.stalled = 1000000;
	for (unsigned i = 0; i < 4; i++)
		sent += uart16550_send(&uart, bytes + sent, sizeof(bytes) - sent);
	report(sent == 100 + UART16550_SENDING && model.ier & 2,
	       "a stalled one: the buffer fills, its interrupt is on");
	model.stalled = 0;
	for (int i = 0; i < 100 && sent < sizeof(bytes); i++) {
		uart16550_service(&uart);
		sent += uart16550_send(&uart, bytes + sent, sizeof(bytes) - sent);
	}
	uart16550_service(&uart);
	report(model.sent_len == sizeof(bytes) && memcmp(model.sent, bytes, sizeof(bytes)) == 0 &&
		       !(model.ier & 2),
	       "then all goes out, in order, and its interrupt is off");
}

static void test_hostile(void)
{
	uint8_t bytes[256];
	uint64_t most = 0;

	srand(3);
	model.hostile = true;
	for (int i = 0; i < 2000; i++) {
		uint64_t before = model.accesses;

		uart.gone = false;
		uart16550_service(&uart);
		if (model.accesses - before > most)
			most = model.accesses - before;
		uart16550_receive(&uart, bytes, sizeof(bytes));
		model.sent_len = 0;
		uart16550_send(&uart, bytes, sizeof(bytes));
	}
	report(most < 64 * 1024, "a device that answers at random is served a bounded number of times");
	model.hostile = false;

	model.absent = true;
	start();
	uint64_t before = model.accesses;
	report(uart.gone && uart16550_send(&uart, bytes, 256) == 256 && uart16550_unsent(&uart) == 0 &&
		       !uart16550_service(&uart) && model.accesses == before,
	       "nobody there: output vanishes and nothing is asked again");

	model.absent = false;
	start();
	model.revoked = true;
	uart16550_send(&uart, bytes, 256);
	report(uart.gone && uart16550_unsent(&uart) == 0 && !uart16550_service(&uart),
	       "ports taken away: the same");
}

int main(void)
{
	test_setup();
	test_early();
	test_flow();
	test_send();
	test_hostile();
	printf("1..%d\n", test_number);
	return failures != 0;
}
