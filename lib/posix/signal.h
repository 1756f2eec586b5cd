// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Signals of this process: dispositions, masks, and what is pending.
 *
 * - What comes from outside comes as an upcall: bit n is the signal n, sent through a ProcessHandle. A timer, a child's end, a Ctrl-C
 *   are calls in flight whose completion makes one (CAP_SQE_INTERRUPT).
 * - If that finds the program's own code, its handler is called there and then. If it finds this library (posix_enter), the bits are kept, a
 *   wait that is under way ends, and the handler is called at the end of the call (posix_leave).
 * - Dispositions and what is pending are the process's, masks are threads'. Upcalls come to the first thread; what it blocks waits until it no longer
 *   does, or until a thread that does not block it leaves a call. A handler's mask is that of the thread that runs it.
 * - A process takes upcalls from its first use of signals on. One that never has is ended from outside, as its default would be.
 */
#pragma once

#include <errno.h>
#include <posix/held.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <signal.h>
#include <stdint.h>

#define POSIX_SIGNALS 64
/* Signals that do nothing if nobody handles them; stopping is not possible and does nothing, too. Bit n - 1 is the signal n. */
#define POSIX_IGNORED_BY_DEFAULT                                                                         \
	(1ull << (SIGCHLD - 1) | 1ull << (SIGCONT - 1) | 1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1) | \
	 1ull << (SIGSTOP - 1) | 1ull << (SIGTSTP - 1) | 1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1))

/* What musl hands over (its ksigaction.h, which is the kernel's of Linux). */
struct posix_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* Makes a signal pending for this process. */
void posix_signal_post(int signal);
/* While held: is there a signal that wants to be handled? Waits end then. */
bool posix_signal_waits(void);
/*
 * Waits for a completion, or until the deadline (0: none); or not, if posix_signal_waits has just found some: who waits for one looks
 * again before this is called again.
 */
void posix_idle(uint64_t deadline);
/* The calling thread no longer blocks `bits`, and blocks `set`; gives those that it blocked before. */
uint64_t posix_signal_mask_change(uint64_t bits, uint64_t set);
/* It blocks exactly these. */
uint64_t posix_signal_mask(uint64_t mask);
/* The same, until the end of this call and the handlers that it lets run. */
void posix_signal_mask_meanwhile(uint64_t mask);
/* What is to be done for a signal, and what was; null: only asks. */
struct posix_action posix_signal_action(int signal, const struct posix_action *new);
uint64_t posix_signals_pending(void);
void posix_signals_take(uint64_t signals);
/* Has the program a function for it? */
bool posix_signal_is_caught(int signal);
/* From now on the calling thread takes upcalls. */
void posix_signals_begin(void);
/* No call of these is in flight any more, or (if exec has failed) all are again. */
void posix_signals_quiet(bool quiet);
/* In a clone, within its call of fork. */
void posix_signals_forked(void);
/* Signals that are ignored, and that are blocked: what a program that is started keeps. */
uint64_t posix_signals_ignored(void);
/* By the calling thread. */
uint64_t posix_signals_blocked(void);
void posix_signals_inherit(uint64_t ignored, uint64_t blocked, uint64_t pending);

/*
 * Who has calls in flight that become signals looks at them when told to: SIGALRM (timer), SIGCHLD (children), SIGINT (terminal).
 * Null in programs without.
 */
#define POSIX_OF_SIGNALS [[gnu::weak, gnu::visibility("hidden")]]
POSIX_OF_SIGNALS void posix_alarm_look(void);
POSIX_OF_SIGNALS void posix_children_look(void);
POSIX_OF_SIGNALS void posix_terminal_look(void);
/* In a clone nothing is in flight. */
POSIX_OF_SIGNALS void posix_alarm_forget(void);
POSIX_OF_SIGNALS void posix_terminal_forget(void);
POSIX_OF_SIGNALS void posix_alarm_quiet(bool quiet);
POSIX_OF_SIGNALS void posix_children_quiet(bool quiet);
POSIX_OF_SIGNALS void posix_terminal_quiet(bool quiet);
/* At the start: children from before exec. */
POSIX_OF_SIGNALS void posix_children_inherit(void);
/* SIGCHLD's disposition has changed. */
POSIX_OF_SIGNALS void posix_children_watch(void);
/* Something is in flight: posix_leave looks at it. */
extern bool posix_signals_look;
/* Atomic; bit n - 1: the signal n waits to be handled. */
extern uint64_t posix_pending;

/*
 * posix_enter and posix_leave in line, for calls that are made often: most of the time nothing came meanwhile. `result` is none that
 * begins anew.
 */
[[gnu::always_inline]] static inline struct ring_client *posix_begin(void)
{
	struct ring_client *ring = runtime_ring();

	__atomic_store_n(&ring->region->upcall_mask, ring->region->upcall_mask + 1, __ATOMIC_SEQ_CST);
	return ring;
}

[[gnu::always_inline]] static inline long posix_end(struct ring_client *ring, long result)
{
	struct cap_region *region = ring->region;

	if (__builtin_expect(
		    region->upcall_mask != 1 || posix_signals_look ||
			    (region->upcall_pending | __atomic_load_n(&posix_pending, __ATOMIC_RELAXED)) != 0,
		    0))
		return posix_leave(result);
	__atomic_store_n(&region->upcall_mask, 0, __ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&region->upcall_pending, __ATOMIC_SEQ_CST) != 0, 0))
		(void)runtime_cap_enter(0, 0); /* it comes as an upcall */
	return result;
}

/* ---- For functions of the C library that are made here ---- */

/* musl's (ports/musl): ends the thread if it is to be cancelled; else 0, or -ECANCELED. */
[[gnu::visibility("hidden")]] long capos_cancel_point(void);
[[gnu::weak, gnu::visibility("hidden")]] long __cancel(void);

[[gnu::always_inline]] static inline long posix_cancel_point(void)
{
	return &__cancel ? capos_cancel_point() : 0;
}

[[gnu::always_inline]] static inline long posix_result(long result)
{
	if (__builtin_expect(result >= 0, 1))
		return result;
	errno = (int)-result;
	return -1;
}

/* kill of another process, and of all that this one has started; null in programs that start none. */
POSIX_OF_SIGNALS long posix_kill_other(long number, int signal);
POSIX_OF_SIGNALS void posix_kill_children(int signal);

/* With the bit of a signal: it is for the process and all that it has started, as Ctrl-C is. */
#define POSIX_UPCALL_FAMILY (1ull << 61)
#define POSIX_UPCALL_SIGNALS ((1ull << 61) - 2)

/* What ends by a signal says so in its exit code. */
#define POSIX_EXIT_SIGNAL 0x100
