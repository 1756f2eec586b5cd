// SPDX-License-Identifier: MIT OR Apache-2.0
/* fork while other threads are in the middle of things: the child has what it needs, and nothing of theirs is in its way. */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKS 20

static bool stop; /* atomic */

/* Takes and gives back each table's lock, all the time. */
static void *open_and_close(void *argument)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		DIR *directory = opendir("/");
		int fd = open("/locks", O_RDONLY);

		close(dup(fd));
		close(fd);
		if (directory)
			closedir(directory);
	}
	return argument;
}

static int use_all(void)
{
	DIR *directory = opendir("/");
	int ends[2], fd = open("/locks", O_RDONLY);

	if (!directory || fd < 0)
		return directory ? 2 : 1;
	if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
		return 3;
	return close(fd) == 0 && closedir(directory) == 0 ? 0 : 4;
}

/* A child that spins on a lock is ended after some seconds, and then counts as failed. */
static bool ends_well(pid_t child)
{
	int status = -1;

	for (int ms = 0; ms < 10000; ms += 5) {
		if (waitpid(child, &status, WNOHANG) == child) {
			if (status)
				dprintf(5, "# child %d: %x\n", (int)child, (unsigned)status);
			return status == 0;
		}
		poll(nullptr, 0, 5);
	}
	dprintf(5, "# child %d did not end\n", (int)child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return false;
}

static void test_locks(void)
{
	pthread_t threads[2];
	int good = 0;

	close(open("/locks", O_WRONLY | O_CREAT, 0644));
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], nullptr, open_and_close, nullptr);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(use_all());
		if (!ends_well(child))
			break;
		good++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], nullptr);
	if (good != FORKS)
		dprintf(5, "# the %dth failed\n", good + 1);
	tap_ok(good == FORKS, "twenty forks beside two threads that open and close");
}

static int ends[2];

static void *wait_for_byte(void *argument)
{
	char byte;

	(void)!read(ends[0], &byte, 1);
	return argument;
}

/* Another thread reads from a pipe when the child is made; the child has not its call, and so does not keep the end open. */
static void test_held(void)
{
	pthread_t thread;
	pid_t child;
	int go[2], closed[2];
	char byte = 0;

	if (pipe(ends) != 0 || pipe(go) != 0 || pipe(closed) != 0 ||
	    pthread_create(&thread, nullptr, wait_for_byte, nullptr) != 0)
		return tap_ok(false, "two pipes and a thread");
	poll(nullptr, 0, 20); /* until it reads */
	child = fork();
	if (child == 0) {
		close(ends[0]), close(ends[1]), close(go[1]);
		write(closed[1], "x", 1);
		_exit((int)read(go[0], &byte, 1)); /* stays until it is told */
	}
	(void)!read(closed[0], &byte, 1);
	write(ends[1], "x", 1);
	pthread_join(thread, nullptr);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	tap_ok(write(ends[1], "x", 1) == -1,
	       "what another thread had in use is closed in the child when it closes it");
	signal(SIGPIPE, SIG_DFL);
	close(go[1]);
	tap_ok(ends_well(child), "which then ends");
	close(ends[1]), close(go[0]), close(closed[0]), close(closed[1]);
}

void test_forks(void)
{
	test_locks();
	test_held();
}
