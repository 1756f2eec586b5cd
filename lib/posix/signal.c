// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals (signal.h). */
#include "signal.h"
#include "posix.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/upcall.h>

static struct posix_action actions[POSIX_SIGNALS + 1];
#define BIT(signal) (1ull << ((signal) - 1))
#define NEVER_BLOCKED (BIT(SIGKILL) | BIT(SIGSTOP))

static uint64_t blocked, pending;
static uint64_t ignored = POSIX_IGNORED_BY_DEFAULT; /* follows from actions */
static uint64_t restored;                           /* blocked again at the end of this call, if restores */
static bool begun, restores;
static bool dispatched; /* completions, since posix_idle was last asked to wait */
bool posix_signals_look;

void posix_signal_post(int signal)
{
	if (!(ignored & ~blocked & BIT(signal)))
		__atomic_fetch_or(&pending, BIT(signal), __ATOMIC_SEQ_CST);
}

/* Held: what came, as pending signals. */
static void collect(uint64_t bits)
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

static uint64_t due(void)
{
	return __atomic_load_n(&pending, __ATOMIC_SEQ_CST) & ~blocked;
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
	uint64_t old = blocked;

	if (ignored & BIT(signal))
		return true;
	if (action.handler == SIG_DFL)
		runtime_exit(POSIX_EXIT_SIGNAL | signal);
	if (action.flags & SA_RESETHAND)
		actions[signal].handler = SIG_DFL;
	blocked |= action.mask | (action.flags & SA_NODEFER ? 0 : BIT(signal));
	call_handler(signal, &action);
	blocked = old;
	return (action.flags & SA_RESTART) != 0;
}

/* Not held. True: calls that were interrupted may be made again. */
static bool deliver_due(void)
{
	bool restart = true;
	uint64_t now;

	while ((now = due()) != 0) {
		int signal = __builtin_ctzll(now) + 1;

		__atomic_fetch_and(&pending, ~BIT(signal), __ATOMIC_SEQ_CST);
		restart &= deliver(signal);
	}
	return restart;
}

void posix_enter(void)
{
	upcall_hold();
}

long posix_leave(long result)
{
	bool restart = true;

	if (upcall_holds() > 1) {
		upcall_release();
		return result == POSIX_RESTART ? -EINTR : result;
	}
	collect(upcall_take());
	upcall_release();
	if (due())
		restart = deliver_due();
	if (restores) {
		restores = false;
		blocked = restored;
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
	pending = 0;
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
	return actions[signal].handler != SIG_DFL && actions[signal].handler != SIG_IGN;
}

uint64_t posix_signals_ignored(void)
{
	uint64_t result = 0;

	for (int signal = 1; signal <= POSIX_SIGNALS; signal++)
		if (actions[signal].handler == SIG_IGN)
			result |= BIT(signal);
	return result;
}

static void update_ignored(void)
{
	ignored = posix_signals_ignored();
	for (int signal = 1; signal <= POSIX_SIGNALS; signal++)
		if (actions[signal].handler == SIG_DFL)
			ignored |= POSIX_IGNORED_BY_DEFAULT & BIT(signal);
	__atomic_fetch_and(&pending, ~ignored, __ATOMIC_SEQ_CST);
}

struct posix_action posix_signal_action(int signal, const struct posix_action *new)
{
	struct posix_action before = actions[signal];

	if (new) {
		actions[signal] = *new;
		update_ignored();
		posix_signals_begin();
	}
	return before;
}

uint64_t posix_signals_blocked(void)
{
	return blocked;
}

uint64_t posix_signals_pending(void)
{
	return __atomic_load_n(&pending, __ATOMIC_SEQ_CST);
}

void posix_signals_take(uint64_t signals)
{
	__atomic_fetch_and(&pending, ~signals, __ATOMIC_SEQ_CST);
}

uint64_t posix_signal_mask(uint64_t mask)
{
	uint64_t before = blocked;

	blocked = mask & ~NEVER_BLOCKED;
	if (blocked)
		posix_signals_begin(); /* what is blocked is to become pending */
	return before;
}

void posix_signal_mask_meanwhile(uint64_t mask)
{
	restored = posix_signal_mask(mask);
	restores = true;
}

void posix_signals_inherit(uint64_t ignore, uint64_t block)
{
	for (int signal = 1; signal <= POSIX_SIGNALS; signal++)
		if (ignore & BIT(signal))
			actions[signal].handler = SIG_IGN;
	update_ignored();
	(void)posix_signal_mask(block);
	posix_signals_begin();
}
