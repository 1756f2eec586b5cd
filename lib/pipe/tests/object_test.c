// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The pipe that a server keeps, by every sequence of a few operations from several starting points, and by long random
 * ones, against what must hold: bytes come out once and in order, each waiter is completed exactly once and in its turn,
 * nobody waits who need not, and what closing and disappearing ends mean.
 */
#include <pipe/object.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

/* What the world knows: bytes are numbers that count up, modulo 251. */
static struct {
	uint64_t written, read; /* bytes */
	bool waits[PIPE_WAITERS], reads[PIPE_WAITERS];
	uint64_t arrived[PIPE_WAITERS], arrivals;
	uint32_t least[PIPE_WAITERS]; /* of a write */
	uint64_t last_completed[2];
	bool refuse;   /* the next answer does not reach its caller */
	unsigned ends; /* over */
	bool good;
	unsigned refused, completed;
	struct pipe_object pipe;
} m;

#define MUST(condition)                                                  \
	do {                                                             \
		if (!(condition) && m.good) {                            \
			printf("# line %d: %s\n", __LINE__, #condition); \
			m.good = false;                                  \
		}                                                        \
	} while (0)

static uint8_t next_byte(uint64_t n)
{
	return (uint8_t)(n % 251);
}

static void check_bytes(const struct pipe_answer *a)
{
	MUST(a->first_count <= a->count);
	for (uint32_t i = 0; i < a->count; i++) {
		uint8_t byte = i < a->first_count ? a->first[i] : a->second[i - a->first_count];

		MUST(byte == next_byte(m.read + i));
	}
}

static void check_result(enum flow_result result, bool reading, uint32_t count)
{
	unsigned mine = reading ? PIPE_END_READ : PIPE_END_WRITE, other = 3 - mine;

	switch (result) {
	case FLOW_CLOSED:
		MUST(m.ends & mine);
		break;
	case FLOW_END:
		MUST(reading && (m.ends & other) && m.read == m.written);
		break;
	case FLOW_BROKEN:
		MUST(!reading && (m.ends & other));
		break;
	case FLOW_DONE:
		MUST(!(m.ends & mine) && (reading || !(m.ends & other)));
		break;
	default:
		MUST(false);
	}
	MUST(result == FLOW_DONE || count == 0);
}

static bool on_complete(void *context, uint32_t waiter, const struct pipe_answer *a)
{
	bool reading = m.reads[waiter];

	MUST(context == &m && waiter < PIPE_WAITERS && m.waits[waiter]);
	m.waits[waiter] = false;
	MUST(m.arrived[waiter] > m.last_completed[reading]); /* in their turn */
	m.last_completed[reading] = m.arrived[waiter];
	if (m.refuse) {
		m.refuse = false;
		m.refused++;
		return false;
	}
	m.completed++;
	check_result(a->result, reading, a->count);
	if (reading) {
		check_bytes(a);
		m.read += a->count;
	} else {
		m.written += a->count;
	}
	MUST(a->result != FLOW_DONE || a->count > 0);
	return true;
}

/* P1 to P3, and that the buffer holds what was written and not read. */
static void check_state(void)
{
	uint32_t room = PIPE_BUFFER - m.pipe.filled, first = PIPE_WAITERS;

	MUST(m.pipe.filled <= PIPE_BUFFER && m.pipe.head < PIPE_BUFFER);
	MUST((m.ends & PIPE_END_READ) || m.pipe.filled == m.written - m.read);
	for (uint32_t i = 0; i < PIPE_WAITERS; i++) {
		MUST((m.pipe.waiters[i].order != 0) == m.waits[i]);
		if (m.waits[i])
			MUST(m.ends == 0 && (!m.reads[i] || m.pipe.filled == 0));
		if (m.waits[i] && !m.reads[i] && (first == PIPE_WAITERS || m.arrived[i] < m.arrived[first]))
			first = i;
	}
	MUST(first == PIPE_WAITERS || room < m.least[first]);
}

static void note_waiter(uint32_t waiter, bool reading)
{
	MUST(waiter < PIPE_WAITERS && !m.waits[waiter]);
	m.waits[waiter] = true;
	m.reads[waiter] = reading;
	m.arrived[waiter] = ++m.arrivals;
}

static unsigned waiting(void)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < PIPE_WAITERS; i++)
		n += m.waits[i];
	return n;
}

static void do_read(uint32_t max)
{
	struct pipe_answer a;
	uint32_t waiter;
	enum flow_result result = pipe_object_read(&m.pipe, max, &a);

	if (result == FLOW_WAIT) {
		MUST(m.pipe.filled == 0 && m.ends == 0 && max > 0);
		if (pipe_object_wait_read(&m.pipe, max, &waiter))
			note_waiter(waiter, true);
		else
			MUST(waiting() == PIPE_WAITERS);
		return;
	}
	check_result(result, true, a.count);
	check_bytes(&a);
	m.read += a.count;
	pipe_object_take(&m.pipe, a.count);
}

static bool some_write_waits(void)
{
	for (uint32_t i = 0; i < PIPE_WAITERS; i++)
		if (m.waits[i] && !m.reads[i])
			return true;
	return false;
}

/* What was brought changes afterwards: who waits has a copy, unless it was lent. */
static void do_write(uint32_t len, bool whole, bool lent)
{
	static uint8_t lent_bytes[PIPE_BUFFER];
	uint8_t *bytes = lent ? lent_bytes : malloc(len ? len : 1);
	uint64_t from = m.written;
	uint32_t count, waiter, least = whole && len <= PIPE_ATOMIC ? len : len > 0;

	/* Its bytes can be right only if it is the only one. */
	if (lent && some_write_waits())
		return;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = next_byte(from + i);
	/* Completions inside count from behind these bytes. */
	uint32_t room = m.ends ? 0 : PIPE_BUFFER - m.pipe.filled;
	bool waits = m.ends == 0 && len > 0 && (room < least || some_write_waits());
	m.written += waits ? 0 : len < room ? len : room;
	const struct pipe_bytes what = {bytes, len, whole, lent};
	enum flow_result result = pipe_object_write(&m.pipe, what, &count);

	MUST((result == FLOW_WAIT) == waits);
	if (!waits) {
		check_result(result, false, count);
		MUST(count == (len < room ? len : room));
	} else if (waiting() == 0 && pipe_object_wait_write(&m.pipe, what, &waiter)) {
		m.least[waiter] = least;
		note_waiter(waiter, false);
	}
	if (lent)
		return;
	memset(bytes, 0xff, len);
	free(bytes);
}

static void end(unsigned ends, bool close)
{
	m.ends |= ends;
	if (close)
		pipe_object_close(&m.pipe, (uint8_t)ends);
	else
		pipe_object_gone(&m.pipe, (uint8_t)ends);
}

static void cancel_oldest(void)
{
	uint32_t found = PIPE_WAITERS;

	for (uint32_t i = 0; i < PIPE_WAITERS; i++)
		if (m.waits[i] && (found == PIPE_WAITERS || m.arrived[i] < m.arrived[found]))
			found = i;
	if (found == PIPE_WAITERS)
		return;
	m.waits[found] = false;
	pipe_object_cancel(&m.pipe, found);
}

enum { OPERATIONS = 15 };

static void operate(unsigned op, uint32_t size)
{
	switch (op) {
	case 0:
		do_read(1);
		break;
	case 1:
		do_read(size);
		break;
	case 2:
		do_write(1, false, false);
		break;
	case 3:
		do_write(size, false, false);
		break;
	case 4:
		end(PIPE_END_READ, true);
		break;
	case 5:
		end(PIPE_END_WRITE, true);
		break;
	case 6:
		end(PIPE_END_READ, false);
		break;
	case 7:
		end(PIPE_END_WRITE, false);
		break;
	case 8:
		end(PIPE_END_BOTH, false);
		break;
	case 9:
		cancel_oldest();
		break;
	case 10:
		m.refuse = waiting() > 0;
		break;
	case 11:
		do_read(0);
		break;
	case 12:
		do_write(size, true, false);
		break;
	case 13:
		do_write(size, false, true);
		break;
	default:
		do_write(0, false, false);
		break;
	}
	check_state();
}

static void start(uint32_t filled)
{
	memset(&m, 0, offsetof(typeof(m), pipe));
	m.good = true;
	pipe_object_init(&m.pipe, on_complete, &m);
	while (filled > 0) {
		uint32_t n = filled < 1000 ? filled : 1000;

		do_write(n, false, false);
		filled -= n;
	}
}

static bool every_sequence(uint32_t filled, unsigned length)
{
	unsigned total = 1;

	for (unsigned i = 0; i < length; i++)
		total *= OPERATIONS;
	for (unsigned sequence = 0; sequence < total; sequence++) {
		start(filled);
		for (unsigned i = 0, rest = sequence; i < length; i++, rest /= OPERATIONS)
			operate(rest % OPERATIONS, 700);
		/* Whatever it was: taking both ends away leaves nobody waiting. */
		end(PIPE_END_BOTH, true);
		MUST(waiting() == 0);
		if (!m.good) {
			printf("# sequence %u from %u bytes\n", sequence, filled);
			return false;
		}
	}
	return true;
}

static void test_random(void)
{
	bool good = true;
	unsigned refused = 0, completed = 0;

	srand(4711);
	for (int run = 0; run < 300 && good; run++) {
		start(0);
		for (int i = 0; i < 2000; i++) {
			unsigned op = (unsigned)rand() % OPERATIONS;

			if (op >= 4 && op <= 8 && i < 1900)
				op &= 3;
			operate(op, (uint32_t)rand() % 2000);
		}
		good = m.good;
		refused += m.refused;
		completed += m.completed;
	}
	report(good && completed > 1000 && refused > 100, "long random histories");
}

static void test_many_waiters(void)
{
	start(0);
	for (unsigned i = 0; i < PIPE_WAITERS + 2; i++)
		do_read(10);
	MUST(waiting() == PIPE_WAITERS);
	do_write(25, false, false); /* three of them */
	MUST(waiting() == PIPE_WAITERS - 3 && m.read == 25);
	end(PIPE_END_WRITE, true);
	MUST(waiting() == 0 && m.completed == PIPE_WAITERS);
	report(m.good, "as many as can wait do, and are served in turn");
}

static void test_wrap(void)
{
	start(PIPE_BUFFER);
	for (int i = 0; i < 50; i++) {
		do_read(1000 + (uint32_t)i);
		do_write(1000 + (uint32_t)i, false, false);
		check_state();
	}
	report(m.good && m.pipe.filled == PIPE_BUFFER, "around the buffer's end");
}

/* Who only asks is told in turn, and takes nothing. */
static uint32_t told[PIPE_WAITERS], told_count;
static enum flow_result told_result[PIPE_WAITERS];

static bool note_told(void *context, uint32_t waiter, const struct pipe_answer *a)
{
	(void)context;
	told[told_count] = waiter;
	told_result[told_count++] = a->result;
	return true;
}

static void test_asking(void)
{
	static struct pipe_object pipe;
	uint8_t bytes[8] = "abcdefg";
	struct pipe_answer answer;
	uint32_t count, first, second, third, written;

	pipe_object_init(&pipe, note_told, nullptr);
	told_count = 0;
	m.good = true;
	MUST(pipe_object_ready(&pipe, PIPE_END_READ, &count) == FLOW_WAIT);
	MUST(pipe_object_ready(&pipe, PIPE_END_WRITE, &count) == FLOW_DONE && count == PIPE_BUFFER);
	MUST(pipe_object_wait_ready(&pipe, PIPE_END_READ, &first) &&
	     pipe_object_wait_ready(&pipe, PIPE_END_READ, &second) &&
	     pipe_object_wait_read(&pipe, 3, &third));
	MUST(pipe_object_write(&pipe, (struct pipe_bytes){.bytes = bytes, .len = 7}, &written) == FLOW_DONE &&
	     written == 7);
	MUST(told_count == 3 && told[0] == first && told[1] == second && told[2] == third);
	MUST(pipe.filled == 4); /* the reader behind them has taken its three */
	MUST(pipe_object_ready(&pipe, PIPE_END_READ, &count) == FLOW_DONE && count == 4);
	MUST(pipe_object_read(&pipe, 4, &answer) == FLOW_DONE);
	pipe_object_take(&pipe, 4);
	MUST(pipe_object_wait_ready(&pipe, PIPE_END_READ, &first));
	pipe_object_close(&pipe, PIPE_END_WRITE);
	MUST(told_count == 4 && told_result[3] == FLOW_END);
	MUST(pipe_object_ready(&pipe, PIPE_END_WRITE, &count) == FLOW_CLOSED);
	report(m.good, "who asks is told when it would not wait any more, in turn, and takes nothing");
}

/* Of two writes that are to be whole neither is cut, and a small one does not overtake; who asks waits for room for any of them. */
static void test_whole(void)
{
	static struct pipe_object pipe;
	static uint8_t bytes[PIPE_BUFFER];
	const struct pipe_bytes large = {bytes, PIPE_BUFFER - 1000, true, true},
				whole = {bytes, 2000, true, false}, small = {bytes, 10, true, false};
	struct pipe_answer answer;
	uint32_t count, first, second, asker;

	pipe_object_init(&pipe, note_told, nullptr);
	told_count = 0;
	m.good = true;
	MUST(pipe_object_write(&pipe, large, &count) == FLOW_DONE && count == PIPE_BUFFER - 1000);
	MUST(pipe_object_ready(&pipe, PIPE_END_WRITE, &count) == FLOW_WAIT);
	MUST(pipe_object_wait_ready(&pipe, PIPE_END_WRITE, &asker));
	MUST(pipe_object_write(&pipe, whole, &count) == FLOW_WAIT && count == 0);
	MUST(pipe_object_wait_write(&pipe, whole, &first));
	MUST(pipe_object_write(&pipe, small, &count) == FLOW_WAIT &&
	     pipe_object_wait_write(&pipe, small, &second));
	MUST(pipe_object_read(&pipe, 999, &answer) == FLOW_DONE);
	pipe_object_take(&pipe, 999);
	MUST(told_count == 0);
	MUST(pipe_object_read(&pipe, 1, &answer) == FLOW_DONE);
	pipe_object_take(&pipe, 1);
	MUST(told_count == 1 && told[0] == first && pipe.filled == PIPE_BUFFER);
	MUST(pipe_object_read(&pipe, 10, &answer) == FLOW_DONE);
	pipe_object_take(&pipe, 10);
	MUST(told_count == 2 && told[1] == second && pipe.filled == PIPE_BUFFER);
	MUST(pipe_object_read(&pipe, 4095, &answer) == FLOW_DONE);
	pipe_object_take(&pipe, 4095);
	MUST(told_count == 2);
	pipe_object_take(&pipe, 1);
	MUST(told_count == 3 && told[2] == asker);
	report(m.good, "a write that is to be whole waits for all of its room, and others wait behind it");
}

/* The first of those that wait to write is taken back: the next no longer waits behind it. */
static void test_cancel(void)
{
	static struct pipe_object pipe;
	static uint8_t bytes[PIPE_BUFFER];
	uint32_t count, first, second;

	pipe_object_init(&pipe, note_told, nullptr);
	told_count = 0;
	m.good = true;
	MUST(pipe_object_write(&pipe, (struct pipe_bytes){.bytes = bytes, .len = PIPE_BUFFER - 50}, &count) ==
	     FLOW_DONE);
	MUST(pipe_object_wait_write(&pipe, (struct pipe_bytes){bytes, 100, true, false}, &first));
	MUST(pipe_object_wait_write(&pipe, (struct pipe_bytes){bytes, 40, true, false}, &second));
	pipe_object_cancel(&pipe, first);
	MUST(told_count == 1 && told[0] == second && pipe.filled == PIPE_BUFFER - 10);
	report(m.good, "a write that is taken back lets the next one go");
}

int main(void)
{
	report(every_sequence(0, 5), "every five operations on an empty pipe");
	report(every_sequence(PIPE_BUFFER, 4), "every four on a full one");
	report(every_sequence(PIPE_BUFFER - 350, 4), "every four on one with little room");
	test_many_waiters();
	test_wrap();
	test_random();
	test_asking();
	test_whole();
	test_cancel();
	printf("1..%d\n", test_number);
	return failures != 0;
}
