// SPDX-License-Identifier: MIT OR Apache-2.0
/* poll and select over pipes and files; reading and writing without waiting; and that sockets say what is missing. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIPES 12

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1'000'000;
}

static void test_pipe(void)
{
	int ends[2], count = 0;
	char bytes[8];
	struct pollfd fds[2];
	long before;

	tap_ok(pipe(ends) == 0, "a pipe");
	fds[0] = (struct pollfd){ends[0], POLLIN, 0};
	fds[1] = (struct pollfd){ends[1], POLLOUT, 0};
	tap_ok(poll(fds, 2, 0) == 1 && fds[0].revents == 0 && fds[1].revents == POLLOUT,
	       "an empty one can be written, not read");
	before = now_ms();
	tap_ok(poll(fds, 1, 30) == 0 && now_ms() - before >= 30, "waiting for it ends when its time is over");
	write(ends[1], "abc", 3);
	tap_ok(poll(fds, 2, -1) == 2 && fds[0].revents == POLLIN, "with bytes in it, both");
	tap_ok(ioctl(ends[0], FIONREAD, &count) == 0 && count == 3, "FIONREAD: three");
	tap_ok(read(ends[0], bytes, 8) == 3 && poll(fds, 1, 0) == 0, "and nothing when they were read");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	tap_fails(read(ends[0], bytes, 8), EAGAIN, "O_NONBLOCK: reading does not wait");
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], "0123456789abcdef0123456789abcdef", 32) == 32)
		;
	tap_ok(errno == EAGAIN && poll(&fds[1], 1, 0) == 0, "nor does writing to a full one");
	close(ends[1]);
	while (read(ends[0], bytes, 8) > 0)
		;
	tap_ok(poll(fds, 1, -1) == 1 && fds[0].revents == POLLHUP, "without a writer: POLLHUP");
	close(ends[0]);
	tap_ok(poll(fds, 1, 0) == 1 && fds[0].revents == POLLNVAL, "a closed number: POLLNVAL");
}

/* A child writes later: that ends the wait. */
static void test_wait(void)
{
	int ends[2], other[2];
	pid_t child;
	struct pollfd fds[2];

	tap_ok(pipe(ends) == 0 && pipe(other) == 0, "two pipes");
	child = fork();
	if (child == 0) {
		struct timespec pause = {.tv_nsec = 20'000'000};

		nanosleep(&pause, nullptr);
		write(other[1], "x", 1);
		_exit(0);
	}
	fds[0] = (struct pollfd){ends[0], POLLIN, 0};
	fds[1] = (struct pollfd){other[0], POLLIN, 0};
	tap_ok(poll(fds, 2, 5000) == 1 && fds[0].revents == 0 && fds[1].revents == POLLIN,
	       "what a child writes ends the wait for two");
	waitpid(child, nullptr, 0);
	close(ends[0]), close(ends[1]), close(other[0]), close(other[1]);
}

static void test_select(void)
{
	int ends[2], file = open("/polled", O_RDWR | O_CREAT, 0644);
	fd_set reads, writes;
	struct timeval none = {};

	pipe(ends);
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_SET(ends[0], &reads);
	FD_SET(file, &reads);
	FD_SET(ends[1], &writes);
	tap_ok(select(64, &reads, &writes, nullptr, &none) == 2 && !FD_ISSET(ends[0], &reads) &&
		       FD_ISSET(file, &reads) && FD_ISSET(ends[1], &writes),
	       "select: a file is always ready");
	close(file);
	FD_SET(file, &reads);
	tap_fails(select(64, &reads, nullptr, nullptr, &none), EBADF, "of a closed one it fails");
	close(ends[0]), close(ends[1]);
}

static void test_many(void)
{
	int ends[PIPES][2];
	struct pollfd fds[PIPES];
	bool good = true;

	for (int i = 0; i < PIPES; i++) {
		good &= pipe(ends[i]) == 0;
		fds[i] = (struct pollfd){ends[i][0], POLLIN, 0};
	}
	tap_ok(good, "twelve pipes at a time");
	write(ends[7][1], "x", 1);
	tap_ok(poll(fds, PIPES, -1) == 1 && fds[7].revents == POLLIN, "and one wait for them");
	for (int i = 0; i < PIPES; i++)
		close(ends[i][0]), close(ends[i][1]);
}

void test_polls(void)
{
	test_pipe();
	test_wait();
	test_select();
	test_many();
}

void test_sockets(void)
{
	tap_fails(socket(AF_INET, SOCK_STREAM, 0), EACCES, "a socket: nobody granted a network");
	tap_fails(socket(AF_APPLETALK, SOCK_STREAM, 0), EAFNOSUPPORT, "a family that is not known");
	tap_fails(connect(1, nullptr, 0), ENOTSOCK, "a terminal is no socket");
}
