// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the files of this library have in common.
 *
 * - POSIX_CALL(name) begins the definition of a call of posix/calls.h, with what comes before and after each of them. Arguments come as six words a to f; those that a call does
 *   not have are not looked at. The result is what Linux's call returns, or a negative errno value.
 * - Pointers are those of the program that calls: it is the same process, so a bad one is its own fault, and faults.
 */
#pragma once

#include <abi/cap.h>
#include <abi/status.h>
#include <errno.h>
#include <message/message.h>
#include <posix/calls.h>
#include <posix/held.h>
#include <stddef.h>
#include <stdint.h>

#define POSIX_CALL(name)                                                                                   \
	static long call_##name(long a, long b, long c, long d, long e, long f);                           \
	long sys_##name(long a, long b, long c, long d, long e, long f)                                    \
	{                                                                                                  \
		long result;                                                                               \
                                                                                                           \
		do {                                                                                       \
			posix_enter();                                                                     \
			result = posix_leave(call_##name(a, b, c, d, e, f));                               \
		} while (result == POSIX_AGAIN);                                                           \
		return result;                                                                             \
	}                                                                                                  \
	static long call_##name([[maybe_unused]] long a, [[maybe_unused]] long b, [[maybe_unused]] long c, \
				[[maybe_unused]] long d, [[maybe_unused]] long e, [[maybe_unused]] long f)
/* The same for a call that only reads or sets words of this process: no signal comes in between, and none is handled at its end. */
#define POSIX_PLAIN_CALL(name)                                                                     \
	long sys_##name([[maybe_unused]] long a, [[maybe_unused]] long b, [[maybe_unused]] long c, \
			[[maybe_unused]] long d, [[maybe_unused]] long e, [[maybe_unused]] long f)

/* For variables that a clone and its parent write in any case: on one page (lib/runtime/user.ld). */
#define POSIX_TOGETHER [[gnu::section(".bss.hot")]]

/* An argument as a pointer. */
#define POSIX_POINTER(word) ((void *)(uintptr_t)(word))

/* A failed call of a capability as a negative errno value. OK: 0. */
long posix_errno(enum status status);

/*
 * The capability granted as `name`, looked up once for each place that asks. Null if it is missing: then one line says on the console (or on
 * the terminal) which grant `call` would have needed, once for each name.
 */
cap_id posix_grant(const char *name, uint64_t interface_id, const char *interface, const char *call);
/* The same without a word. */
cap_id posix_grant_quiet(const char *name, uint64_t interface_id);
/* The process number that follows from the seed that a process was started with; at least 2. */
static inline long posix_process_number(uint64_t seed)
{
	return 2 + (long)((seed * 0x9e3779b97f4a7c15ull) >> 42);
}

/* Says that line. */
void posix_missing(const char *name, const char *interface, const char *call);
