// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The kernel's log: lines to the debug UART and to a ring in memory that LogReader serves.
 *
 * Formats: %d %i %u %x %c %s %% with l, ll, z and h lengths, widths, 0 and - flags; %p is refused: no kernel address leaves
 * the kernel. Lines longer than LOG_LINE_MAX are cut.
 */
#pragma once

#include <core/types.h>
#include <stdarg.h>

#define LOG_LINE_MAX 256u
#define LOG_RING_SIZE 32768u

enum log_level : uint8_t { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

[[gnu::format(printf, 2, 3)]] void log_line(enum log_level level, const char *format, ...);
/* On behalf of a process: text is its own and may hold anything; control characters are shown as dots. */
void log_text(enum log_level level, const char *who, const char *text, size_t len);

/* Entries from sequence number `from` on; see object/log_reader.c. */
struct log_entry {
	uint64_t sequence;
	uint64_t time_ns;
	enum log_level level;
	uint16_t len;
	char text[LOG_LINE_MAX];
};
/* The first entry whose sequence is >= from. false: none yet. */
bool log_read(uint64_t from, struct log_entry *out);
uint64_t log_next_sequence(void);

/* The UART belongs to the terminal process from now on (machines with only one). */
void log_hand_over(void);

[[gnu::format(printf, 3, 4)]] size_t print_to(char *buffer, size_t size, const char *format, ...);
size_t print_to_va(char *buffer, size_t size, const char *format, va_list args);

/* Prints a backtrace, stops the other CPUs and ends the machine with a failure. For the kernel's own broken
 * invariants only, never for what came from outside. */
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char *format, ...);

/* Called by a panic, once it has said what and where: leaves what there is to look at (boot/dump.c). Set once at boot. */
extern void (*panic_dump)(const char *text);

#ifndef kassert /* defined away where branches are counted: none can be taken (mk/assurance.mk) */
#define kassert(condition)                                                       \
	do {                                                                     \
		if (unlikely(!(condition)))                                      \
			panic("%s:%d: %s", __FILE_NAME__, __LINE__, #condition); \
	} while (0)
#endif

/* Prints "  at function+0x12" for each; symbols from the kernel's table. */
void log_backtrace(const uint64_t *pcs, unsigned count);
