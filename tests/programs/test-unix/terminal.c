// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The terminal as a descriptor: waiting for what is typed, keys without a line, Ctrl-C as a signal. Each step says a word that the
 * typist (tests/system/posix-unix.test) waits for.
 */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;

static void note(int signal)
{
	(void)signal;
	interrupts++;
}

static void say(const char *text)
{
	dprintf(1, "%s\n", text);
}

static void test_lines(void)
{
	struct pollfd fd = {0, POLLIN, 0};
	struct timeval no_time = {};
	char line[32] = "";
	fd_set set;

	tap_ok(isatty(0) && isatty(1), "0 and 1 are a terminal");
	tap_ok(poll(&fd, 1, 0) == 0, "nothing was typed");
	say("type half");
	tap_ok(poll(&fd, 1, 300) == 0, "half a line is nothing to read");
	say("type the rest");
	tap_ok(poll(&fd, 1, 10000) == 1 && fd.revents == POLLIN, "a whole line is");
	FD_ZERO(&set);
	FD_SET(0, &set);
	tap_ok(select(1, &set, nullptr, nullptr, &no_time) == 1, "select says so, too");
	tap_ok(read(0, line, 31) == 10 && strcmp(line, "halfwhole\n") == 0, "and all of it is read");
	tap_ok(poll(&fd, 1, 0) == 0, "then nothing is left");
}

static void test_raw(void)
{
	struct termios saved, raw;
	struct pollfd fd = {0, POLLIN, 0};
	char bytes[8];
	struct winsize size;

	tap_ok(tcgetattr(0, &saved) == 0, "tcgetattr");
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tap_ok(tcsetattr(0, TCSANOW, &raw) == 0, "raw");
	say("press a key");
	tap_ok(poll(&fd, 1, 10000) == 1 && read(0, bytes, 8) == 1 && bytes[0] == 'k',
	       "a key is there at once");
	tap_ok(tcsetattr(0, TCSANOW, &saved) == 0, "and back");
	tap_ok(ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col == 80 && size.ws_row == 24,
	       "the window's size");
}

static void test_interrupt(void)
{
	struct sigaction action = {.sa_handler = note};
	char byte;
	pid_t child;
	int status;

	sigaction(SIGINT, &action, nullptr);
	say("interrupt the read");
	tap_fails(read(0, &byte, 1), EINTR, "Ctrl-C ends a read");
	tap_ok(interrupts == 1, "as SIGINT");
	child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		say("interrupt the child");
		for (;;)
			pause();
	}
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	tap_ok(interrupts == 2 && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT,
	       "and reaches what the program has started");
	say("interrupt what computes");
	while (interrupts < 3)
		;
	tap_ok(interrupts == 3, "it comes to who computes");
}

void test_terminal(void)
{
	test_lines();
	test_raw();
	test_interrupt();
}
