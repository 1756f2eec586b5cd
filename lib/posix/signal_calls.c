// SPDX-License-Identifier: MIT OR Apache-2.0
/* What programs do with signals (signal.h). */
#include "parent.h"
#include "posix.h"
#include "signal.h"

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <time.h>

#define SECOND 1'000'000'000ull

/* Not weak here: who has handlers may have one for the terminal. */
[[gnu::visibility("hidden")]] void posix_terminal_changed(void);

POSIX_CALL(rt_sigaction)
{
	const struct posix_action *new = POSIX_POINTER(b);
	struct posix_action *old = POSIX_POINTER(c);

	if (a < 1 || a > POSIX_SIGNALS || (new && (a == SIGKILL || a == SIGSTOP)))
		return -EINVAL;

	struct posix_action before = posix_signal_action((int)a, new);

	if (old)
		*old = before;
	if (new && a == SIGCHLD && posix_children_watch)
		posix_children_watch();
	if (new && new->handler != SIG_DFL && (a == SIGINT || a == SIGWINCH))
		posix_terminal_changed();
	return 0;
}

/* What was pending and is no longer blocked is handled as at the end of other calls. */
POSIX_PLAIN_CALL(rt_sigprocmask)
{
	const uint64_t *set = POSIX_POINTER(b);
	uint64_t *old = POSIX_POINTER(c);
	uint64_t before;

	if (set && a != SIG_BLOCK && a != SIG_UNBLOCK && a != SIG_SETMASK)
		return -EINVAL;
	before = !set ? posix_signals_blocked()
		      : posix_signal_mask_change(a == SIG_BLOCK     ? 0
						 : a == SIG_UNBLOCK ? *set
								    : UINT64_MAX,
						 a == SIG_UNBLOCK ? 0 : *set);
	if (old)
		*old = before;
	if (set && a != SIG_BLOCK && posix_signals_pending()) {
		posix_enter();
		(void)posix_leave(0);
	}
	return 0;
}

POSIX_CALL(rt_sigpending)
{
	*(uint64_t *)POSIX_POINTER(a) = posix_signals_pending() & posix_signals_blocked();
	return 0;
}

/* Until a handler is to be called. */
static long wait_for_any(void)
{
	posix_signals_begin();
	while (!posix_signal_waits())
		posix_idle(0);
	return -EINTR;
}

POSIX_CALL(pause)
{
	return wait_for_any();
}

POSIX_CALL(rt_sigsuspend)
{
	posix_signal_mask_meanwhile(*(const uint64_t *)POSIX_POINTER(a));
	return wait_for_any();
}

/* sigwait and its relatives. */
POSIX_CALL(rt_sigtimedwait)
{
	uint64_t wanted = *(const uint64_t *)POSIX_POINTER(a), found;
	siginfo_t *info = POSIX_POINTER(b);
	const struct timespec *timeout = POSIX_POINTER(c);
	uint64_t deadline = 0;

	if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= (long)SECOND))
		return -EINVAL;
	if (timeout)
		deadline = runtime_now() + (uint64_t)timeout->tv_sec * SECOND + (uint64_t)timeout->tv_nsec;
	posix_signals_begin();
	for (;;) {
		bool other = posix_signal_waits();

		found = posix_signals_pending() & wanted;
		if (found)
			break;
		if (other)
			return -EINTR;
		if (timeout && runtime_now() >= deadline)
			return -EAGAIN;
		posix_idle(deadline);
	}
	found &= -found;
	posix_signals_take(found);
	if (info)
		*info = (siginfo_t){.si_signo = __builtin_ctzll(found) + 1};
	return __builtin_ctzll(found) + 1;
}

/* Handlers run on the stack of the thread, whatever that is. */
POSIX_CALL(sigaltstack)
{
	stack_t *old = POSIX_POINTER(b);

	if (old)
		*old = (stack_t){.ss_flags = SS_DISABLE};
	return 0;
}

/* To a thread; the process has one disposition and one set of pending signals. */
POSIX_CALL(tkill)
{
	if (b < 0 || b > POSIX_SIGNALS)
		return -EINVAL;
	if (b == 0)
		return 0;
	if (b == SIGKILL)
		runtime_exit(POSIX_EXIT_SIGNAL | SIGKILL);
	posix_signal_post((int)b);
	return 0;
}

POSIX_CALL(tgkill)
{
	return sys_tkill(b, c, 0, 0, 0, 0);
}

/*
 * To this process; to its family (0, or its number negative); or to another one, which needs a capability to it: those that it has started
 * (children.c), and the one that has started it (parent.c).
 */
POSIX_CALL(kill)
{
	long own = sys_getpid(0, 0, 0, 0, 0, 0);

	if (b < 0 || b > POSIX_SIGNALS)
		return -EINVAL;
	if (a != own && a != 0 && a != -own) {
		long error = posix_kill_other ? posix_kill_other(a < 0 ? -a : a, (int)b) : -ESRCH;

		return error == -ESRCH && a == sys_getppid(0, 0, 0, 0, 0, 0) ? posix_kill_parent((int)b)
									     : error;
	}
	if (a != own && b != 0 && posix_kill_children)
		posix_kill_children((int)b);
	return sys_tkill(a, b, 0, 0, 0, 0);
}
