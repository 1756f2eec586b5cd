// SPDX-License-Identifier: MIT OR Apache-2.0
/* Signals that come from outside: timers, children, other processes; what they interrupt, and how a program waits for them. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t alarms, children, users;

static void note(int signal)
{
	if (signal == SIGALRM)
		alarms++;
	else if (signal == SIGCHLD)
		children++;
	else
		users++;
}

static void handle(int signal, int flags)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = flags};

	sigaction(signal, &action, nullptr);
}

static void alarm_in(long ms)
{
	struct itimerval timer = {.it_value = {.tv_usec = ms * 1000}};

	setitimer(ITIMER_REAL, &timer, nullptr);
}

static void pause_ms(long ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000};

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

static void test_alarm(void)
{
	struct timespec long_time = {.tv_sec = 10}, left;
	struct itimerval timer = {{.tv_usec = 5000}, {.tv_usec = 5000}}, old;
	int ends[2];
	char byte;

	handle(SIGALRM, 0);
	alarm_in(20);
	for (volatile unsigned long i = 0; alarms == 0 && i < 4'000'000'000ul; i++)
		;
	tap_ok(alarms == 1, "an alarm comes to a program that computes");
	alarm_in(20);
	tap_ok(nanosleep(&long_time, &left) == -1 && errno == EINTR && alarms == 2 && left.tv_sec >= 5,
	       "it ends a sleep, which says what was left");
	pipe(ends);
	alarm_in(20);
	tap_fails(read(ends[0], &byte, 1), EINTR, "and a read that waits");
	alarm_in(20);
	tap_fails(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, -1), EINTR, "and a poll");
	handle(SIGALRM, SA_RESTART);
	if (fork() == 0) {
		pause_ms(60);
		write(ends[1], "y", 1);
		_exit(0);
	}
	alarms = 0;
	alarm_in(20);
	tap_ok(read(ends[0], &byte, 1) == 1 && byte == 'y' && alarms == 1,
	       "with SA_RESTART the read goes on after the handler");
	wait(nullptr);
	close(ends[0]), close(ends[1]);
	alarms = 0;
	setitimer(ITIMER_REAL, &timer, nullptr);
	while (alarms < 3)
		pause();
	timer = (struct itimerval){};
	tap_ok(setitimer(ITIMER_REAL, &timer, &old) == 0 && old.it_interval.tv_usec == 5000,
	       "an interval comes again and again, until it is taken back");
}

static void test_child(void)
{
	sigset_t set, none, old;
	int status;
	pid_t child;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	handle(SIGCHLD, SA_RESTART);
	sigprocmask(SIG_BLOCK, &set, &old);
	child = fork();
	if (child == 0)
		_exit(3);
	while (children == 0)
		sigsuspend(&none);
	tap_ok(children == 1, "a child's end is SIGCHLD, which sigsuspend waits for");
	tap_ok(waitpid(child, &status, WNOHANG) == child && WEXITSTATUS(status) == 3, "and it can be reaped");
	sigprocmask(SIG_SETMASK, &old, nullptr);
	child = fork();
	if (child == 0)
		_exit(0);
	for (volatile unsigned long i = 0; children < 2 && i < 4'000'000'000ul; i++)
		;
	tap_ok(children == 2 && waitpid(-1, &status, 0) == child, "it comes to who computes, too");
	signal(SIGCHLD, SIG_DFL);
}

/* A child that counts what it gets until it gets SIGTERM. */
static void count_signals(int to)
{
	char ready = 'r';

	handle(SIGUSR1, 0);
	users = 0;
	write(to, &ready, 1);
	while (users < 2)
		pause();
	write(to, "2", 1);
	for (;;)
		pause();
}

/* As a child: has it signalled who started it? */
static int tell_parent(const char *shell)
{
	char *const arguments[] = {"dash", "-c", (char *)shell, nullptr};
	pid_t child;
	int status = -1;

	if (!shell) {
		child = fork();
		if (child == 0)
			_exit(kill(getppid(), SIGUSR1) == 0 && kill(getppid(), 0) == 0 ? 0 : 1);
	} else if (posix_spawn(&child, "/bin/dash", nullptr, nullptr, arguments, environ) != 0) {
		return -1;
	}
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* To the process that started this one, which has let those that it starts do that, and nothing else. */
static void test_kill_parent(void)
{
	handle(SIGUSR1, SA_RESTART);
	users = 0;
	tap_ok(tell_parent(nullptr) == 0 && users == 1, "a clone signals its parent");
	tap_ok(tell_parent("kill -USR1 $PPID") == 0 && users == 2, "so does a program that was started");
	tap_ok(tell_parent("exec dash -c 'kill -USR1 $PPID'") == 0 && users == 3,
	       "and one that it goes on as");
	tap_ok(tell_parent("(kill -USR1 $PPID) 2>/dev/null; exit $?") == 1 && users == 3,
	       "but not one that that has started: it is not its parent");
	tap_ok(tell_parent("trap 'exit 7' USR1; (kill -USR1 $$); exit 8") == 7 && users == 3,
	       "which signals its own");
	tap_fails(kill(getppid(), SIGUSR1), EPERM, "init has let nobody signal it");
	signal(SIGUSR1, SIG_DFL);
}

static void test_kill(void)
{
	int ends[2], status;
	char byte = 0;
	sigset_t set;
	int got = 0;
	pid_t child;

	pipe(ends);
	child = fork();
	if (child == 0)
		count_signals(ends[1]);
	read(ends[0], &byte, 1);
	kill(child, SIGUSR1);
	pause_ms(20);
	kill(child, SIGUSR1);
	tap_ok(read(ends[0], &byte, 1) == 1 && byte == '2', "a child handles signals that its parent sends");
	tap_ok(kill(child, 0) == 0 && kill(child, SIGCONT) == 0, "and ignores what does nothing");
	tap_ok(kill(child, SIGTERM) == 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
		       WTERMSIG(status) == SIGTERM,
	       "one that it does not handle ends it");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, nullptr);
	raise(SIGUSR2);
	tap_ok(sigwait(&set, &got) == 0 && got == SIGUSR2, "sigwait takes what is blocked");
	tap_fails(sigtimedwait(&set, nullptr, &(struct timespec){.tv_nsec = 10'000'000}), EAGAIN,
		  "sigtimedwait: in vain");
	sigprocmask(SIG_UNBLOCK, &set, nullptr);
	close(ends[0]), close(ends[1]);
}

/* exec leaves a stand-in: what it gets reaches the program. */
static void test_exec(void)
{
	char *const arguments[] = {
		"dash", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep_not_there; done 2>/dev/null",
		nullptr};
	int ends[2], status;
	char byte;
	pid_t child;

	pipe(ends);
	child = fork();
	if (child == 0) {
		dup2(ends[1], 1);
		execv("/bin/dash", arguments);
		_exit(127);
	}
	read(ends[0], &byte, 1);
	tap_ok(kill(child, SIGTERM) == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		       WEXITSTATUS(status) == 9,
	       "a signal reaches a program that was started by exec");
	close(ends[1]);
	while (read(ends[0], &byte, 1) > 0)
		;
	close(ends[0]);
	pipe(ends);
	child = fork();
	if (child == 0) {
		dup2(ends[1], 1);
		close(ends[0]), close(ends[1]);
		execl("/bin/dash", "dash", "-c", "echo; while :; do :; done", (char *)nullptr);
		_exit(127);
	}
	close(ends[1]);
	read(ends[0], &byte, 1);
	tap_ok(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child &&
		       WTERMSIG(status) == SIGKILL && read(ends[0], &byte, 1) == 0,
	       "and so does SIGKILL: nothing of it is left");
	close(ends[0]);
}

static volatile sig_atomic_t came;

static void note_pending(int signal)
{
	(void)signal;
	came++;
}

int test_pending(void)
{
	sigset_t set;

	sigpending(&set);
	if (!sigismember(&set, SIGUSR2) || sigismember(&set, SIGUSR1))
		return 1;
	signal(SIGUSR2, note_pending);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, nullptr);
	return came == 1 ? 7 : 2;
}

/* What is blocked and pending stays so over exec, and is nothing to a child that is started. */
static void test_exec_pending(void)
{
	char *const arguments[] = {"test-unix", "pending", nullptr};
	pid_t child, grandchild;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	child = fork();
	if (child == 0) {
		sigprocmask(SIG_BLOCK, &set, nullptr);
		raise(SIGUSR2);
		if (posix_spawn(&grandchild, "/bin/test-unix", nullptr, nullptr, arguments, environ) != 0 ||
		    waitpid(grandchild, &status, 0) != grandchild || WEXITSTATUS(status) != 1)
			_exit(3);
		execv("/bin/test-unix", arguments);
		_exit(127);
	}
	tap_ok(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7,
	       "a blocked signal stays pending over exec, and a child that is started has none");
}

static void test_spawn_signals(void)
{
	posix_spawnattr_t attributes;
	sigset_t set;
	pid_t child;
	int status;
	char *const arguments[] = {"dash", "-c", "kill -USR1 $$; exit 4", nullptr};

	signal(SIGUSR1, SIG_IGN);
	posix_spawn(&child, "/bin/dash", nullptr, nullptr, arguments, environ);
	waitpid(child, &status, 0);
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 4,
	       "a program that is started ignores what its parent ignored");
	posix_spawnattr_init(&attributes);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	posix_spawn(&child, "/bin/dash", nullptr, &attributes, arguments, environ);
	waitpid(child, &status, 0);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1, "unless its attributes say otherwise");
	signal(SIGUSR1, SIG_DFL);
}

void test_signals(void)
{
	test_alarm();
	test_child();
	test_kill();
	test_kill_parent();
	test_exec();
	test_exec_pending();
	test_spawn_signals();
}
