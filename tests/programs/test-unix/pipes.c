// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Pipes between processes, when much goes through them (which then takes the way through shared memory) and when many write: no byte is
 * lost, none comes twice, and up to PIPE_BUF bytes stay together.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MUCH (1l << 20)
#define AT_ONCE 100000l

static unsigned char bytes[AT_ONCE];

static unsigned char expected(long n)
{
	return (unsigned char)(n * 31 + (n >> 8) * 7 + (n >> 16));
}

/* The stream from `from` on, in pieces of `piece`. */
static bool write_stream(int fd, long from, long count, long piece)
{
	for (long done = 0; done < count; done += piece) {
		long n = count - done < piece ? count - done : piece;

		for (long i = 0; i < n; i++)
			bytes[i] = expected(from + done + i);
		if (write(fd, bytes, (size_t)n) != n)
			return false;
	}
	return true;
}

/* Until its end; the count, or -1 if a byte is wrong. */
static long read_stream(int fd, long from, long piece)
{
	long done = 0, got;

	while ((got = read(fd, bytes, (size_t)piece)) > 0) {
		for (long i = 0; i < got; i++)
			if (bytes[i] != expected(from + done + i))
				return -1;
		done += got;
	}
	return got < 0 ? -1 : done;
}

static int exit_of(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A child writes a megabyte in pieces of one size, this process reads it in pieces of another. */
static void test_much(long written, long read_at_once, const char *what)
{
	int ends[2];
	pid_t child;
	long got;

	if (pipe(ends))
		return tap_ok(false, what);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		_exit(write_stream(ends[1], 0, MUCH, written) ? 0 : 1);
	}
	close(ends[1]);
	got = read_stream(ends[0], 0, read_at_once);
	tap_ok(exit_of(child) == 0 && got == MUCH, what);
	close(ends[0]);
}

/* Parent and child go on with one writing end, and each with memory of its own: who was cloned does not write into its parent's. */
static void test_after_fork(void)
{
	long count[256] = {}, got, other = 0;
	int ends[2];
	pid_t children[2];

	pipe(ends);
	children[0] = fork();
	if (children[0] == 0) {
		memset(bytes, 'a', sizeof(bytes));
		write(ends[1], bytes, sizeof(bytes)); /* has its buffer now */
		children[1] = fork();
		memset(bytes, children[1] ? 'b' : 'c', sizeof(bytes));
		for (int i = 0; i < 10; i++)
			if (write(ends[1], bytes, sizeof(bytes)) != sizeof(bytes))
				_exit(1);
		_exit(children[1] ? exit_of(children[1]) : 0);
	}
	close(ends[1]);
	while ((got = read(ends[0], bytes, sizeof(bytes))) > 0)
		for (long i = 0; i < got; i++)
			count[bytes[i]]++;
	for (int c = 0; c < 256; c++)
		other += c < 'a' || c > 'c' ? count[c] : 0;
	tap_ok(exit_of(children[0]) == 0 && count['a'] == AT_ONCE && count['b'] == 10 * AT_ONCE &&
		       count['c'] == 10 * AT_ONCE && other == 0,
	       "two who write much through one end after a fork: all bytes, none of them changed");
	close(ends[0]);
}

/* Several write records of their own sizes into a pipe that is nearly always full; none is cut. */
static void test_together(void)
{
	enum { WRITERS = 4, RECORDS = 200 };
	int ends[2], whole = 0, cut = 0;
	unsigned char record[PIPE_BUF];
	pid_t children[WRITERS];
	ssize_t got;

	pipe(ends);
	for (int c = 0; c < WRITERS; c++) {
		children[c] = fork();
		if (children[c])
			continue;
		close(ends[0]);
		for (int i = 0; i < RECORDS; i++) {
			size_t n = i % 2 ? PIPE_BUF : (size_t)(1000 + c * 500 + i);

			memset(record, 'A' + c, n);
			record[0] = (unsigned char)(n >> 8);
			record[1] = (unsigned char)n;
			if (write(ends[1], record, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], record, 2)) == 2) {
		size_t n = (size_t)record[0] << 8 | record[1], have = 2;

		while (have < n && (got = read(ends[0], record + have, n - have)) > 0)
			have += (size_t)got;
		for (size_t i = 3; i < n; i++)
			cut += record[i] != record[2];
		whole++;
	}
	for (int c = 0; c < WRITERS; c++)
		cut += exit_of(children[c]) != 0;
	tap_ok(whole == WRITERS * RECORDS && cut == 0,
	       "four who write up to PIPE_BUF bytes at a time: each of 800 records is together");
	close(ends[0]);
}

static void test_not_waiting(void)
{
	int ends[2];
	struct pollfd writer;
	long all = 0, got;

	pipe2(ends, O_NONBLOCK);
	writer = (struct pollfd){ends[1], POLLOUT, 0};
	while ((got = write(ends[1], bytes, sizeof(bytes))) > 0)
		all += got;
	tap_ok(all == 65536 && errno == EAGAIN, "without waiting much is written as far as it fits");
	(void)read(ends[0], bytes, 1000);
	tap_fails(write(ends[1], bytes, 1001), EAGAIN, "what would have to be cut is not");
	tap_ok(poll(&writer, 1, 0) == 0, "and poll does not say that it could be written");
	tap_ok(write(ends[1], bytes, 1000) == 1000, "what fits is");
	(void)read(ends[0], bytes, PIPE_BUF);
	tap_ok(poll(&writer, 1, 0) == 1 && write(ends[1], bytes, PIPE_BUF) == PIPE_BUF,
	       "with room for PIPE_BUF bytes poll says so");
	for (all = 0; (got = read(ends[0], bytes, sizeof(bytes))) > 0;)
		all += got;
	tap_ok(all == 65536 && errno == EAGAIN, "and reading ends with EAGAIN, not with an end");
	close(ends[0]), close(ends[1]);
}

static volatile sig_atomic_t broken;

static void on_broken(int signal)
{
	(void)signal;
	broken++;
}

/* The reader ends while much is being written. */
static void test_broken(void)
{
	int ends[2];
	pid_t child;
	long got;

	signal(SIGPIPE, on_broken);
	pipe(ends);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		_exit(read(ends[0], bytes, sizeof(bytes)) > 0 ? 0 : 1);
	}
	close(ends[0]);
	got = write(ends[1], bytes, sizeof(bytes));
	if (got == AT_ONCE)
		got = write(ends[1], bytes, sizeof(bytes));
	tap_ok((got > 0 && got < AT_ONCE && broken == 0) || (got == -1 && errno == EPIPE && broken == 1),
	       "the reader ends in between: what was written counts");
	broken = 0;
	tap_fails(write(ends[1], bytes, sizeof(bytes)), EPIPE, "and then it is EPIPE");
	tap_ok(broken == 1, "with one SIGPIPE");
	tap_ok(exit_of(child) == 0, "of a child that has read");
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL);
}

static void interrupted(int signal)
{
	(void)signal;
}

/* 0: what fitted of a long write was written, and the next one was interrupted with nothing written. */
static int write_and_be_interrupted(int fd)
{
	const struct sigaction action = {.sa_handler = interrupted};

	sigaction(SIGUSR1, &action, nullptr);
	if (write(fd, bytes, sizeof(bytes)) != 65536)
		return 1;
	return write(fd, bytes, sizeof(bytes)) == -1 && errno == EINTR ? 0 : 2;
}

/* Signals, from when the pipe is full until the writer has ended. */
static void test_interrupt(void)
{
	const struct timespec pause = {.tv_nsec = 5'000'000};
	int ends[2], there = 0, status = -1;
	long got, all = 0;
	pid_t child;

	pipe(ends);
	child = fork();
	if (child == 0)
		_exit(write_and_be_interrupted(ends[1]));
	close(ends[1]);
	while (ioctl(ends[0], FIONREAD, &there) == 0 && there < 65536)
		nanosleep(&pause, nullptr);
	do {
		nanosleep(&pause, nullptr);
		kill(child, SIGUSR1);
	} while (waitpid(child, &status, WNOHANG) == 0);
	tap_ok(status == 0,
	       "a signal ends a long write, which says what fitted, and one that has written nothing with EINTR");
	while ((got = read(ends[0], bytes, sizeof(bytes))) > 0)
		all += got;
	tap_ok(all == 65536, "as many bytes come out");
	close(ends[0]);
}

static volatile sig_atomic_t ticks;

static void tick(int signal)
{
	(void)signal;
	ticks++;
}

static void tick_each(long us, int flags)
{
	struct sigaction action = {.sa_handler = tick, .sa_flags = flags};
	struct itimerval timer = {{.tv_usec = us}, {.tv_usec = us}};

	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &timer, nullptr);
}

/* As write_stream, begun again where a signal ended it; now and then it waits, so that the reader does. */
static bool write_on(int fd, long count, long piece)
{
	struct timespec pause = {.tv_nsec = 300'000};

	for (long done = 0, got; done < count; done += got) {
		long n = count - done < piece ? count - done : piece;

		for (long i = 0; i < n; i++)
			bytes[i] = expected(done + i);
		got = write(fd, bytes, (size_t)n);
		if (got < 0 && errno != EINTR)
			return false;
		got = got < 0 ? 0 : got;
		if (done / 16384 != (done + got) / 16384)
			nanosleep(&pause, nullptr);
	}
	return true;
}

/* A signal may come while a call that has taken bytes out is answered: they are the reader's all the same. */
static void test_ticking(long count, long piece, int flags, const char *what)
{
	int ends[2];
	pid_t child;
	long done = 0, got;
	bool good = pipe(ends) == 0;

	ticks = 0;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		tick_each(700, 0);
		_exit(write_on(ends[1], count, piece) ? 0 : 1);
	}
	close(ends[1]);
	tick_each(400, flags);
	while (good && (got = read(ends[0], bytes, (size_t)piece)) != 0) {
		good = got > 0 || (errno == EINTR && !(flags & SA_RESTART));
		for (long i = 0; i < got; i++)
			good = good && bytes[i] == expected(done + i);
		done += got > 0 ? got : 0;
	}
	tick_each(0, SA_RESTART);
	signal(SIGALRM, SIG_DFL);
	close(ends[0]);
	tap_ok(good && done == count && ticks > 3, what);
	tap_ok(exit_of(child) == 0, "and whoever wrote them was interrupted, too");
}

void test_pipes(void)
{
	test_ticking(60000, 700, 0, "no byte of a pipe is lost to a timer's signals");
	test_ticking(60000, 700, SA_RESTART, "nor if calls are made again by themselves");
	test_ticking(600000, 50000, 0, "nor of what goes through shared memory");
	test_much(65536, 65536, "64 KiB at a time");
	test_much(100000, 5000, "100000 bytes at a time, read 5000 at a time");
	test_much(4096, 65536, "4 KiB at a time, read 64 KiB at a time");
	test_much(999, 100000, "999 bytes at a time, read 100000 at a time");
	test_after_fork();
	test_together();
	test_not_waiting();
	test_broken();
	test_interrupt();
}
