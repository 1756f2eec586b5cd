// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The log: a ring of entries in memory that overwrites its oldest, and the debug UART as long as it is the kernel's.
 *
 * - Positions are 64-bit byte counts since boot, taken modulo the ring's size only to reach a byte. An entry is a head
 *   and its text, padded to 8 bytes; it may wrap.
 * - One lock (rank LOG, the innermost) covers the ring and keeps lines whole on the UART.
 * - Text of processes is shown as printable characters and well-formed UTF-8 only: nobody moves the reader's cursor.
 */
#include <core/log.h>

#include <arch/platform.h>
#include <core/clock.h>
#include <core/lock.h>

#include "log_private.h"
#include "text.h"

struct entry_head {
	uint64_t sequence, time_ns;
	uint32_t len;
	uint32_t level;
};

static struct {
	struct spinlock lock;
	uint64_t first, end;             /* l: positions of the oldest entry and behind the newest */
	uint64_t first_sequence;         /* l */
	uint64_t next_sequence;          /* l */
	uint64_t read_at, read_sequence; /* l: where the last log_read ended, for readers in order */
	bool handed_over;
} ring = {.lock = SPINLOCK_INIT(LOCK_RANK_LOG), .first_sequence = 1, .next_sequence = 1};
static alignas(8) char bytes[LOG_RING_SIZE]; /* l. By itself: all zero at first, so not in the image */

static void ring_put(uint64_t at, const void *from, size_t len)
{
	size_t offset = at % LOG_RING_SIZE, part = LOG_RING_SIZE - offset;

	if (part > len)
		part = len;
	__builtin_memcpy(bytes + offset, from, part);
	__builtin_memcpy(bytes, (const char *)from + part, len - part);
}

static void ring_get(uint64_t at, void *to, size_t len)
{
	size_t offset = at % LOG_RING_SIZE, part = LOG_RING_SIZE - offset;

	if (part > len)
		part = len;
	__builtin_memcpy(to, bytes + offset, part);
	__builtin_memcpy((char *)to + part, bytes, len - part);
}

static uint64_t entry_size(const struct entry_head *head)
{
	return sizeof(*head) + align_up(head->len, 8);
}

static void append_locked(enum log_level level, uint64_t now, const char *text, size_t len)
{
	struct entry_head head = {
		.sequence = ring.next_sequence++, .time_ns = now, .len = (uint32_t)len, .level = level};

	while (ring.end + entry_size(&head) - ring.first > LOG_RING_SIZE) {
		struct entry_head oldest;

		ring_get(ring.first, &oldest, sizeof(oldest));
		ring.first += entry_size(&oldest);
		ring.first_sequence = oldest.sequence + 1;
	}
	ring_put(ring.end, &head, sizeof(head));
	ring_put(ring.end + sizeof(head), text, len);
	ring.end += entry_size(&head);
}

static void write_uart(uint64_t now, const char *text, size_t len)
{
	char stamp[24];
	size_t stamp_len = print_to(stamp, sizeof(stamp), "[%4llu.%06llu] ",
				    (unsigned long long)(now / 1000000000),
				    (unsigned long long)(now / 1000 % 1000000));

	arch_debug_write(stamp, stamp_len);
	arch_debug_write(text, len);
	arch_debug_write("\r\n", 2);
}

static void append(enum log_level level, const char *text, size_t len)
{
	uint64_t now = clock_now_ns();

	spin_lock(&ring.lock);
	append_locked(level, now, text, len);
	if (!(ring.handed_over && arch_debug_is_shared()))
		write_uart(now, text, len);
	spin_unlock(&ring.lock);
}

void log_line(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list args;
	size_t len;

	va_start(args, format);
	len = print_to_va(text, sizeof(text), format, args);
	va_end(args);
	append(level, text, len);
}

/* One line of at most LOG_LINE_MAX; returns how much of the text it took. */
static size_t log_text_line(enum log_level level, const char *who, const char *text, size_t len)
{
	char line[LOG_LINE_MAX];
	size_t at = print_to(line, 64, "%s: ", who), taken = 0;

	while (taken < len && text[taken] != '\n') {
		size_t step = text_printable((const unsigned char *)text + taken, len - taken);

		if (at + (step ? step : 1) >= sizeof(line))
			break;
		if (step)
			__builtin_memcpy(line + at, text + taken, step);
		else
			line[at] = '.';
		at += step ? step : 1;
		taken += step ? step : 1;
	}
	append(level, line, at);
	return taken;
}

void log_text(enum log_level level, const char *who, const char *text, size_t len)
{
	do {
		size_t taken = log_text_line(level, who, text, len);

		if (taken < len && text[taken] == '\n')
			taken++;
		text += taken;
		len -= taken;
	} while (len);
}

bool log_read(uint64_t from, struct log_entry *out)
{
	struct entry_head head = {};
	uint64_t at;

	spin_lock(&ring.lock);
	at = ring.first;
	if (from >= ring.read_sequence && ring.read_sequence >= ring.first_sequence)
		at = ring.read_at;
	for (; at != ring.end; at += entry_size(&head)) {
		ring_get(at, &head, sizeof(head));
		if (head.sequence >= from)
			break;
	}
	if (at == ring.end) {
		spin_unlock(&ring.lock);
		return false;
	}
	*out = (struct log_entry){.sequence = head.sequence,
				  .time_ns = head.time_ns,
				  .level = (enum log_level)head.level,
				  .len = (uint16_t)head.len};
	ring_get(at + sizeof(head), out->text, head.len);
	ring.read_at = at + entry_size(&head);
	ring.read_sequence = head.sequence + 1;
	spin_unlock(&ring.lock);
	return true;
}

uint64_t log_next_sequence(void)
{
	uint64_t next;

	spin_lock(&ring.lock);
	next = ring.next_sequence;
	spin_unlock(&ring.lock);
	return next;
}

void log_hand_over(void)
{
	spin_lock(&ring.lock);
	ring.handed_over = true;
	spin_unlock(&ring.lock);
}

/* Whoever held the lock may be the one that panics, or was stopped; the log must be printable nevertheless. */
void log_take_back(void)
{
	ring.handed_over = false;
	store_release(&ring.lock.word, 0u);
}
