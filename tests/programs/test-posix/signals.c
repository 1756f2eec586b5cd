// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals within the process. */
#include "test.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t caught, count;
static sigjmp_buf back;

static void note(int signal)
{
	caught = signal;
	count++;
}

static void jump(int signal)
{
	siglongjmp(back, signal);
}

void test_signals(void)
{
	sigset_t set, pending;

	signal(SIGUSR1, note);
	tap_ok(raise(SIGUSR1) == 0 && caught == SIGUSR1, "raise runs the handler");
	tap_ok(kill(getpid(), SIGUSR1) == 0 && count == 2, "kill of oneself");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, nullptr);
	raise(SIGUSR1), raise(SIGUSR1);
	sigpending(&pending);
	tap_ok(count == 2 && sigismember(&pending, SIGUSR1), "a blocked signal is pending");
	sigprocmask(SIG_UNBLOCK, &set, nullptr);
	tap_ok(count == 3, "and comes once when it is unblocked");
	signal(SIGUSR1, SIG_IGN);
	tap_ok(raise(SIGUSR1) == 0 && count == 3, "an ignored one does nothing");
	signal(SIGUSR2, jump);
	tap_ok(sigsetjmp(back, 1) == SIGUSR2 || (raise(SIGUSR2), false), "siglongjmp out of a handler");
	tap_fails(kill(getpid() + 1, SIGTERM), ESRCH, "another process needs a capability to it");
	signal(SIGTERM, SIG_DFL);
}
