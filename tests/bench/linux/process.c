// SPDX-License-Identifier: MIT OR Apache-2.0
/* Making a process that runs /tiny (see tiny.c) and waiting for its end; making and joining a thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
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

void bench_process(void)
{
	bench("spawn_reap", 100, vfork_exec_wait, nullptr);
	bench("spawn_reap_posix", 100, spawn_wait, nullptr);
	bench("thread_join", 200, thread_join, nullptr);
}
