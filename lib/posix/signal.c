// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals (signal.h). */
#include "signal.h"
#include "posix.h"

#include <runtime/runtime.h>
#include <signal.h>

#define SIGNALS 64

/* What musl hands over (its ksigaction.h, which is the kernel's of Linux). */
struct action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static struct action actions[SIGNALS + 1];
static uint64_t blocked, pending;

static uint64_t bit(int signal)
{
	return 1ull << (signal - 1);
}

static const uint64_t never_blocked = 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1);

/* Signals that do nothing if nobody handles them; stopping is not possible and does nothing, too. */
static bool is_ignored_by_default(int signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return true;
	default:
		return false;
	}
}

void posix_signal_post(int signal)
{
	__atomic_fetch_or(&pending, bit(signal), __ATOMIC_SEQ_CST);
}

/* true: a handler ran. */
static bool deliver(int signal)
{
	struct action action = actions[signal];
	uint64_t old = blocked;

	if (action.handler == SIG_IGN)
		return false;
	if (action.handler == SIG_DFL) {
		if (is_ignored_by_default(signal))
			return false;
		runtime_exit(POSIX_EXIT_SIGNAL | signal);
	}
	if (action.flags & SA_RESETHAND)
		actions[signal].handler = SIG_DFL;
	blocked |= action.mask | (action.flags & SA_NODEFER ? 0 : bit(signal));
	if (action.flags & SA_SIGINFO) {
		siginfo_t info = {.si_signo = signal};

		((void (*)(int, siginfo_t *, void *))(uintptr_t)action.handler)(signal, &info, nullptr);
	} else {
		action.handler(signal);
	}
	blocked = old;
	return true;
}

bool posix_signal_deliver(void)
{
	bool ran = false;
	uint64_t now;

	while ((now = __atomic_load_n(&pending, __ATOMIC_SEQ_CST) & ~blocked) != 0) {
		int signal = __builtin_ctzll(now) + 1;

		__atomic_fetch_and(&pending, ~bit(signal), __ATOMIC_SEQ_CST);
		ran |= deliver(signal);
	}
	return ran;
}

POSIX_CALL(rt_sigaction)
{
	const struct action *new = POSIX_POINTER(b);
	struct action *old = POSIX_POINTER(c);

	if (a < 1 || a > SIGNALS || (new && (a == SIGKILL || a == SIGSTOP)))
		return -EINVAL;

	struct action before = actions[a];

	if (new)
		actions[a] = *new;
	if (old)
		*old = before;
	return 0;
}

POSIX_CALL(rt_sigprocmask)
{
	const uint64_t *set = POSIX_POINTER(b);
	uint64_t *old = POSIX_POINTER(c);
	uint64_t before = blocked;

	if (set) {
		uint64_t bits = *set & ~never_blocked;

		if (a == SIG_BLOCK)
			blocked |= bits;
		else if (a == SIG_UNBLOCK)
			blocked &= ~bits;
		else if (a == SIG_SETMASK)
			blocked = bits;
		else
			return -EINVAL;
	}
	if (old)
		*old = before;
	(void)posix_signal_deliver();
	return 0;
}

POSIX_CALL(rt_sigpending)
{
	*(uint64_t *)POSIX_POINTER(a) = __atomic_load_n(&pending, __ATOMIC_SEQ_CST) & blocked;
	return 0;
}

/* To a thread; the process has one disposition and one set of pending signals. */
POSIX_CALL(tkill)
{
	if (b < 0 || b > SIGNALS)
		return -EINVAL;
	if (b == 0)
		return 0;
	posix_signal_post((int)b);
	(void)posix_signal_deliver();
	return 0;
}

/* To this process. Another one needs a capability to it (process.c). */
POSIX_CALL(kill)
{
	if (b < 0 || b > SIGNALS)
		return -EINVAL;
	if (a != sys_getpid(0, 0, 0, 0, 0, 0))
		return posix_kill_other ? posix_kill_other(a, (int)b) : -ESRCH;
	return sys_tkill(a, b, 0, 0, 0, 0);
}
