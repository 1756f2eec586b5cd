// SPDX-License-Identifier: MIT OR Apache-2.0
/* Making a process that runs /tiny (see tiny.c) and waiting for its end; making and joining a thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static char tiny[] = "/tiny";
static char *const arguments[] = {tiny, nullptr};

static void vfork_exec_wait(long operations, void *context)
{
	(void)context;
	while (operations--) {
		int status = -1;
		pid_t child = vfork();

		if (child == 0) {
			execve(tiny, arguments, environ);
			_exit(1);
		}
		if (waitpid(child, &status, 0) != child || status != 0)
			bench_fail("exec");
	}
}

static void spawn_wait(long operations, void *context)
{
	(void)context;
	while (operations--) {
		int status = -1;
		pid_t child;

		if (posix_spawn(&child, tiny, nullptr, nullptr, arguments, environ) ||
		    waitpid(child, &status, 0) != child || status)
			bench_fail("spawn");
	}
}

static void *nothing(void *argument)
{
	return argument;
}

static void thread_join(long operations, void *context)
{
	(void)context;
	while (operations--) {
		pthread_t thread;

		if (pthread_create(&thread, nullptr, nothing, nullptr) || pthread_join(thread, nullptr))
			bench_fail("thread");
	}
}

/* 64 KiB to another process, which reads as much at a time. */
static void pipe_64k(long operations, void *context)
{
	static char bytes[65536];
	int writer = *(int *)context;

	while (operations--)
		if (write(writer, bytes, sizeof(bytes)) != sizeof(bytes))
			bench_fail("pipe");
}

static void bench_pipe(void)
{
	static char bytes[65536];
	int ends[2], status;
	pid_t reader;

	if (pipe(ends))
		bench_fail("pipe");
	reader = fork();
	if (reader == 0) {
		close(ends[1]);
		while (read(ends[0], bytes, sizeof(bytes)) > 0)
			;
		_exit(0);
	}
	close(ends[0]);
	bench("pipe_64k", 100, pipe_64k, &ends[1]);
	close(ends[1]);
	waitpid(reader, &status, 0);
}

/* Lua and SQLite, linked from the same object files as capOS's (mk/bench.mk); it prints its rows. */
static void run_compute(void)
{
	static char compute[] = "/compute";
	int status = -1;
	pid_t child;

	fflush(stdout);
	if (posix_spawn(&child, compute, nullptr, nullptr, (char *const[]){compute, nullptr}, environ) ||
	    waitpid(child, &status, 0) != child || status)
		bench_fail("compute");
}

void bench_process(void)
{
	bench_pipe();
	bench("spawn_reap", 100, vfork_exec_wait, nullptr);
	bench("spawn_reap_posix", 100, spawn_wait, nullptr);
	bench("thread_join", 200, thread_join, nullptr);
	run_compute();
}
