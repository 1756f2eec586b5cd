// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What POSIX operations cost, in cycles of the time-stamp counter: instructions, on a machine that counts them (docs/guide/port-a-program.md
 * says how to run it). Median of several batches, loop and library included.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

extern char **environ;

enum { BATCHES = 7 };

/* For tests/bench/plugin: begin and end of the batch that is looked at, and where main is (programs/bench/bench.h has the same). */
#define MARK(code) __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .long 0xca905000 + " #code ::: "memory")

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void report(const char *key, bool (*once)(void), int count, double scale)
{
	uint64_t batch[BATCHES];
	bool good = once();

	for (int i = 0; i < BATCHES && good; i++) {
		uint64_t start = __rdtsc();

		for (int n = 0; n < count; n++)
			good &= once();
		batch[i] = __rdtsc() - start;
	}
	MARK(1);
	for (int n = 0; n < count && good; n++)
		good &= once();
	MARK(2);
	if (!good) {
		printf("%s failed\n", key);
		return;
	}
	qsort(batch, BATCHES, sizeof(batch[0]), compare);
	printf("%s %.1f\n", key, (double)batch[BATCHES / 2] / count * scale);
	printf("segment %s %d\n", key, count);
}

static bool spawn_reap(void)
{
	static char *const arguments[] = {"chello", nullptr};
	static posix_spawn_file_actions_t actions;
	static bool made;
	pid_t pid;
	int status;

	if (!made) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
		made = true;
	}
	return posix_spawn(&pid, "/bin/chello", &actions, nullptr, arguments, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static bool fork_reap(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool open_close(void)
{
	int fd = open("/bench", O_RDONLY);

	return fd >= 0 && close(fd) == 0;
}

static void *nothing(void *argument)
{
	return argument;
}

static bool thread_join(void)
{
	pthread_t thread;

	return pthread_create(&thread, nullptr, nothing, nullptr) == 0 && pthread_join(thread, nullptr) == 0;
}

static bool pipe_round(void)
{
	static int ends[2] = {-1, -1};
	static char bytes[2048];

	if (ends[0] < 0 && pipe(ends))
		return false;
	return write(ends[1], bytes, sizeof(bytes)) == sizeof(bytes) &&
	       read(ends[0], bytes, sizeof(bytes)) == sizeof(bytes);
}

/* 64 KiB to another process, which reads as much at a time. */
static bool pipe_64k(void)
{
	static int writer = -1;
	static char bytes[65536];
	int ends[2];

	if (writer < 0) {
		if (pipe(ends))
			return false;
		if (fork() == 0) {
			close(ends[1]);
			while (read(ends[0], bytes, sizeof(bytes)) > 0)
				;
			_exit(0);
		}
		close(ends[0]);
		writer = ends[1];
	}
	return write(writer, bytes, sizeof(bytes)) == sizeof(bytes);
}

int main(int argc, char **argv)
{
	(void)argc, (void)argv;
	MARK(3);
	close(open("/bench", O_CREAT | O_WRONLY, 0644));
	report("open_close_posix", open_close, 50, 1);
	/* Before there are threads and pipes: what a process has is copied and handed on. */
	report("fork_reap_posix", fork_reap, 5, 1);
	report("spawn_reap_posix", spawn_reap, 5, 1);
	report("thread_join_posix", thread_join, 20, 1);
	report("pipe_2048_posix", pipe_round, 50, 1);
	report("pipe_64k", pipe_64k, 20, 1);
	return 0;
}
