// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals (signal.h). */
#include "signal.h"
#include "posix.h"
#include "thread.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/upcall.h>

static struct posix_action actions[POSIX_SIGNALS + 1];
#define BIT(signal) (1ull << ((signal) - 1))
#define NEVER_BLOCKED (BIT(SIGKILL) | BIT(SIGSTOP))

POSIX_TOGETHER uint64_t posix_pending;
static uint64_t told_to_ignore, caught; /* follow from actions, as the next */
static uint64_t ignored = POSIX_IGNORED_BY_DEFAULT;
POSIX_TOGETHER static struct posix_thread_signals first; /* the first thread's */
POSIX_TOGETHER static uint32_t restoring;                /* atomic; threads with `restores` */
POSIX_TOGETHER static bool begun;
POSIX_TOGETHER static bool dispatched; /* completions, since posix_idle was last asked to wait */
POSIX_TOGETHER bool posix_signals_look;

/* The calling thread's. */
static struct posix_thread_signals *own(void)
{
	struct posix_thread_signals *signals = posix_thread_signals ? posix_thread_signals() : nullptr;

	return signals ? signals : &first;
}

void posix_signal_post(int signal)
{
	if (!(ignored & ~own()->blocked & BIT(signal)))
		__atomic_fetch_or(&posix_pending, BIT(signal), __ATOMIC_SEQ_CST);
}

static void set_action(int signal, const struct posix_action *new)
{
	uint64_t bit = BIT(signal);

	actions[signal] = *new;
	told_to_ignore = (told_to_ignore & ~bit) | (new->handler == SIG_IGN ? bit : 0);
	caught = (caught & ~bit) | (new->handler != SIG_IGN &&new->handler != SIG_DFL ? bit : 0);
	ignored = told_to_ignore | (POSIX_IGNORED_BY_DEFAULT & ~caught);
	__atomic_fetch_and(&posix_pending, ~ignored, __ATOMIC_SEQ_CST);
}

[[gnu::noinline]] static void collect_some(uint64_t bits)
{
	if (bits & CAP_UPCALL_COMPLETION) {
		ring_flush(runtime_ring());
		dispatched = true;
	}
	if (posix_signals_look) {
		if (posix_alarm_look)
			posix_alarm_look();
		if (posix_children_look)
			posix_children_look();
		if (posix_terminal_look)
			posix_terminal_look();
	}
	for (uint64_t left = bits & POSIX_UPCALL_SIGNALS; left; left &= left - 1) {
		int signal = __builtin_ctzll(left);

		posix_signal_post(signal);
		if ((bits & POSIX_UPCALL_FAMILY) && posix_kill_children)
			posix_kill_children(signal);
	}
}

/* Held: what came, as pending signals. */
[[gnu::always_inline]] static inline void collect(uint64_t bits)
{
	if (bits || posix_signals_look)
		collect_some(bits);
}

/* What this thread is to handle. */
[[gnu::always_inline]] static inline uint64_t due(void)
{
	uint64_t now = __atomic_load_n(&posix_pending, __ATOMIC_SEQ_CST);

	return __builtin_expect(now != 0, 0) ? now & ~own()->blocked : 0;
}

bool posix_signal_waits(void)
{
	collect(upcall_take());
	return due() != 0;
}

static void call_handler(int signal, const struct posix_action *action)
{
	if (action->flags & SA_SIGINFO) {
		siginfo_t info = {.si_signo = signal};

		((void (*)(int, siginfo_t *, void *))(uintptr_t)action->handler)(signal, &info, nullptr);
	} else {
		action->handler(signal);
	}
}

/* Not held: the handler may do anything, also leave by a jump. True: there was one that lets calls be made again. */
static bool deliver(int signal)
{
	struct posix_action action = actions[signal];
	struct posix_thread_signals *signals = own();
	uint64_t old = signals->blocked;

	if (ignored & BIT(signal))
		return true;
	if (action.handler == SIG_DFL)
		runtime_exit(POSIX_EXIT_SIGNAL | signal);
	if (action.flags & SA_RESETHAND)
		set_action(signal, &(struct posix_action){});
	signals->blocked |= (action.mask | (action.flags & SA_NODEFER ? 0 : BIT(signal))) & ~NEVER_BLOCKED;
	call_handler(signal, &action);
	signals->blocked = old;
	return (action.flags & SA_RESTART) != 0;
}

/* Not held. True: calls that were interrupted may be made again. */
static bool deliver_due(void)
{
	bool restart = true;
	uint64_t now;

	while ((now = due()) != 0) {
		int signal = __builtin_ctzll(now) + 1;

		__atomic_fetch_and(&posix_pending, ~BIT(signal), __ATOMIC_SEQ_CST);
		restart &= deliver(signal);
	}
	return restart;
}

/* Was there a mask for this call only? Then the one that comes after it. */
[[gnu::noinline]] static bool take_restored(uint64_t *mask)
{
	struct posix_thread_signals *signals = own();

	if (!signals->restores)
		return false;
	signals->restores = false;
	__atomic_fetch_sub(&restoring, 1, __ATOMIC_RELAXED);
	*mask = signals->restored;
	return true;
}

void posix_enter(void)
{
	upcall_hold();
}

long posix_leave(long result)
{
	bool restart = true, restores = false;
	uint64_t restored;

	if (upcall_holds() > 1) {
		upcall_release();
		return result == POSIX_RESTART ? -EINTR : result;
	}
	collect(upcall_take());
	upcall_release();
	if (__builtin_expect(__atomic_load_n(&restoring, __ATOMIC_RELAXED) != 0, 0))
		restores = take_restored(&restored);
	if (due())
		restart = deliver_due();
	if (restores) {
		own()->blocked = restored;
		restart &= deliver_due();
	}
	return result != POSIX_RESTART ? result : restart ? POSIX_AGAIN : -EINTR;
}

void posix_idle(uint64_t deadline)
{
	if (dispatched)
		dispatched = false;
	else
		(void)ring_wait(runtime_ring(), deadline);
}

long posix_wait(struct rpc_call *call)
{
	struct ring_client *ring = runtime_ring();

	while (!call->done && !posix_signal_waits())
		posix_idle(0);
	if (call->done)
		return 0;
	ring_submit(ring,
		    &(struct cap_sqe){.op = CAP_OP_CANCEL, .flags = CAP_SQE_QUIET, .target = call->sequence},
		    nullptr);
	return rpc_wait(call) == STATUS_CANCELLED ? POSIX_RESTART : 0;
}

/* The thread was in the program's own code. */
static void on_upcall(uint64_t reasons, struct cap_upcall_frame *frame)
{
	(void)frame;
	collect(reasons);
	upcall_release(); /* from here on as that code itself */
	(void)deliver_due();
}

void posix_signals_begin(void)
{
	if (!begun)
		upcall_set_handler(on_upcall, false);
	begun = true;
}

void posix_signals_quiet(bool quiet)
{
	if (posix_alarm_quiet)
		posix_alarm_quiet(quiet);
	if (posix_children_quiet)
		posix_children_quiet(quiet);
	if (posix_terminal_quiet)
		posix_terminal_quiet(quiet);
}

void posix_signals_forked(void)
{
	posix_pending = 0;
	first = *own(); /* before it is the first thread */
	restoring = first.restores;
	if (posix_threads_forked)
		posix_threads_forked();
	posix_signals_look = false;
	if (posix_alarm_forget)
		posix_alarm_forget();
	if (posix_terminal_forget)
		posix_terminal_forget();
	if (begun)
		upcall_set_handler(on_upcall, false);
	upcall_hold(); /* as the call of fork in which this is */
}

bool posix_signal_is_caught(int signal)
{
	return (caught & BIT(signal)) != 0;
}

uint64_t posix_signals_ignored(void)
{
	return told_to_ignore;
}

struct posix_action posix_signal_action(int signal, const struct posix_action *new)
{
	struct posix_action before = actions[signal];

	if (new) {
		set_action(signal, new);
		posix_signals_begin();
	}
	return before;
}

uint64_t posix_signals_blocked(void)
{
	return own()->blocked;
}

uint64_t posix_signals_pending(void)
{
	return __atomic_load_n(&posix_pending, __ATOMIC_SEQ_CST);
}

void posix_signals_take(uint64_t signals)
{
	__atomic_fetch_and(&posix_pending, ~signals, __ATOMIC_SEQ_CST);
}

uint64_t posix_signal_mask_change(uint64_t bits, uint64_t set)
{
	uint64_t *mask = &own()->blocked, before = *mask;

	*mask = ((before & ~bits) | set) & ~NEVER_BLOCKED;
	if (*mask)
		posix_signals_begin(); /* what is blocked is to become pending */
	return before;
}

uint64_t posix_signal_mask(uint64_t mask)
{
	return posix_signal_mask_change(UINT64_MAX, mask);
}

void posix_signal_mask_meanwhile(uint64_t mask)
{
	struct posix_thread_signals *signals = own();

	signals->restored = posix_signal_mask(mask);
	signals->restores = true;
	__atomic_fetch_add(&restoring, 1, __ATOMIC_RELAXED);
}

void posix_signals_inherit(uint64_t ignore, uint64_t block, uint64_t waiting)
{
	for (; ignore; ignore &= ignore - 1)
		set_action(__builtin_ctzll(ignore) + 1, &(struct posix_action){.handler = SIG_IGN});
	/* own() goes by the C library's thread block, which is not there yet. */
	first.blocked = block & ~NEVER_BLOCKED;
	__atomic_fetch_or(&posix_pending, waiting & first.blocked & ~ignored, __ATOMIC_SEQ_CST);
	posix_signals_begin();
}
