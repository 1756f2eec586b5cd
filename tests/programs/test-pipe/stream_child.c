// SPDX-License-Identifier: MIT OR Apache-2.0
/* The other end of a stream: children that keep to the protocol, that die, and that lie. */
#include <queue/order.h>
#include <runtime/string.h>

#include "streams.h"

#define TOTAL (1u << 20)

static struct stream stream;
static struct queue_wait wait;
static uint8_t bytes[3000];

static bool open_end(enum queue_side side)
{
	struct stream_parts parts = {granted("memory"), granted("ear"), granted("bell"), granted("peer")};

	if (stream_open(&stream, side, &parts, w.t, w.space) != STATUS_OK)
		return false;
	stream_wait_init(&wait, &stream, w.ring);
	return true;
}

/* So many bytes, in pieces of all sizes. */
static bool write_pattern(uint64_t total)
{
	uint64_t done = 0, n, size = 1;

	for (; done < total; done += n, size = size * 7 % 2999 + 1) {
		uint64_t len = size < total - done ? size : total - done;

		fill_pattern(bytes, done, len);
		if (stream_write(&stream, &wait, bytes, len, soon(), &n) != FLOW_DONE || n != len)
			return false;
	}
	return true;
}

static int write_and_close(void)
{
	if (!write_pattern(TOTAL))
		return 2;
	stream_close(&stream, &wait);
	return 0;
}

static int write_and_exit(void)
{
	return write_pattern(5000) ? 0 : 2; /* never closes */
}

/* More than fits, and nobody reads: this one is killed while it waits. */
static int write_for_ever(void)
{
	return write_pattern(10 * CAPACITY) ? 3 : 2;
}

static int read_and_check(void)
{
	uint64_t count = 0;

	if (!read_all(&stream, &wait, &count))
		return 2;
	return count == TOTAL ? 0 : 3;
}

static int read_some_and(bool close)
{
	uint64_t n;

	if (stream_read(&stream, &wait, bytes, 100, soon(), &n) != FLOW_DONE)
		return 2;
	nap(30 * MS); /* the writer fills the pipe and waits */
	if (close)
		stream_close(&stream, &wait);
	return n > 0 ? 0 : 3;
}

static int close_at_once(void)
{
	stream_close(&stream, &wait);
	return 0;
}

/* Waits for the peer, which dies: for a test with two children. */
static int read_until_end(void)
{
	uint64_t count = 0;

	if (!read_all(&stream, &wait, &count))
		return 2;
	return stream_ending(&stream) == FLOW_PEER_GONE && count == CAPACITY ? 0 : 3;
}

/* ---- Those that lie ---- */

/* This end's own line, whose words the peer looks at. */
static struct queue_line *line(void)
{
	return stream.flow.queue.mine;
}

/* Until the peer has come so far. */
static void wait_for_peer(uint64_t position)
{
	uint64_t end = soon();

	while (queue_observe(&stream.flow.queue.peer->position) < position && runtime_now() < end)
		nap(MS);
	nap(5 * MS); /* and waits, perhaps */
}

static void wake_peer(void)
{
	ring_signal_bits(w.ring, stream.parts.bell, 0);
	ring_flush(w.ring);
}

/* A few good bytes, then an impossible count, while the peer reads. */
static int claim_too_much(void)
{
	if (!write_pattern(1000))
		return 2;
	wait_for_peer(1000);
	queue_publish(&line()->position, 1000 + CAPACITY + 1);
	wake_peer();
	nap(100 * MS);
	return 0;
}

/* Has read what was never written, while the peer waits for room. */
static int claim_the_future(void)
{
	wait_for_peer(CAPACITY);
	queue_publish(&line()->position, 1ull << 63);
	wake_peer();
	nap(100 * MS);
	return 0;
}

static int go_backwards(void)
{
	uint64_t n;

	if (stream_read(&stream, &wait, bytes, 100, soon(), &n) != FLOW_DONE)
		return 2;
	wait_for_peer(CAPACITY + n); /* it has seen that */
	queue_publish(&line()->position, n - 1);
	wake_peer();
	nap(100 * MS);
	return 0;
}

/* Any value in any word of the control page and of the bytes, its own and the peer's, for 100 ms. */
static int scribble(void)
{
	volatile uint64_t *words = (volatile uint64_t *)(uintptr_t)stream.address;
	uint64_t noise = runtime_now() | 1, end = runtime_now() + 100 * MS;

	while (runtime_now() < end) {
		for (int i = 0; i < 64; i++) {
			noise ^= noise << 13;
			noise ^= noise >> 7;
			noise ^= noise << 17;
			words[i & 7 ? noise % 32 : noise % ((4096 + CAPACITY) / 8)] = i & 1 ? noise
											    : noise & 0xff;
		}
		wake_peer();
		nap(MS / 10);
	}
	return 0;
}

int stream_child(struct msg_text what)
{
	static const struct {
		struct msg_text name;
		enum queue_side side;
		int (*run)(void);
	} table[] = {
		{MSG_TEXT("write-and-close"), QUEUE_PRODUCER, write_and_close},
		{MSG_TEXT("write-and-exit"), QUEUE_PRODUCER, write_and_exit},
		{MSG_TEXT("write-for-ever"), QUEUE_PRODUCER, write_for_ever},
		{MSG_TEXT("claim-too-much"), QUEUE_PRODUCER, claim_too_much},
		{MSG_TEXT("scribbling-writer"), QUEUE_PRODUCER, scribble},
		{MSG_TEXT("read-and-check"), QUEUE_CONSUMER, read_and_check},
		{MSG_TEXT("close-at-once"), QUEUE_CONSUMER, close_at_once},
		{MSG_TEXT("read-until-end"), QUEUE_CONSUMER, read_until_end},
		{MSG_TEXT("claim-the-future"), QUEUE_CONSUMER, claim_the_future},
		{MSG_TEXT("go-backwards"), QUEUE_CONSUMER, go_backwards},
		{MSG_TEXT("scribbling-reader"), QUEUE_CONSUMER, scribble},
	};

	if (msg_text_equal(what, MSG_TEXT("read-and-exit")))
		return open_end(QUEUE_CONSUMER) ? read_some_and(false) : 1;
	if (msg_text_equal(what, MSG_TEXT("read-and-close")))
		return open_end(QUEUE_CONSUMER) ? read_some_and(true) : 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (msg_text_equal(what, table[i].name))
			return open_end(table[i].side) ? table[i].run() : 1;
	return 98;
}
