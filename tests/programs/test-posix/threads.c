// SPDX-License-Identifier: MIT OR Apache-2.0
/* pthreads. */
#include "test.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 500 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int counter, started, destroyed, onces;
static sem_t semaphore;
static thread_local int local = 7;

static void run_once(void)
{
	onces++;
}

static void destroy(void *value)
{
	(void)value;
	__atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static void *count(void *argument)
{
	pthread_once(&once, run_once);
	pthread_setspecific(key, argument);
	local += (int)(intptr_t)argument;
	pthread_mutex_lock(&mutex);
	started++;
	pthread_cond_broadcast(&condition);
	while (started < THREADS)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		if (i % 50 == 0)
			free(malloc((size_t)i + 1));
	}
	return (void *)(intptr_t)local;
}

static void *post(void *argument)
{
	sem_post(&semaphore);
	return argument;
}

static void *cancelled(void *argument)
{
	sem_post(&semaphore);
	for (;;)
		pthread_testcancel();
	return argument;
}

static volatile sig_atomic_t caught;

static void note(int signal)
{
	(void)signal;
	caught++;
}

static void *block_all(void *argument)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, nullptr);
	raise(SIGUSR2);
	return argument;
}

static sigset_t in_handler;
static pthread_t handled_by;

static void look(int signal)
{
	(void)signal;
	handled_by = pthread_self();
	pthread_sigmask(SIG_SETMASK, nullptr, &in_handler);
}

static void *raise_it(void *argument)
{
	sigset_t *seen = argument, one;

	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, nullptr, &seen[0]);
	pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
	raise(SIGUSR1);
	pthread_sigmask(SIG_SETMASK, nullptr, &seen[1]);
	return argument;
}

/* The first thread blocks a signal that another one handles: masks are threads', and a handler's is that of the thread that runs it. */
static void test_own_masks(void)
{
	struct sigaction action = {.sa_handler = look};
	sigset_t seen[2], own, before;
	pthread_t thread = 0;

	sigaddset(&action.sa_mask, SIGUSR2);
	sigaction(SIGUSR1, &action, nullptr);
	sigemptyset(&own);
	sigaddset(&own, SIGUSR1);
	sigaddset(&own, SIGTERM);
	pthread_sigmask(SIG_SETMASK, &own, &before);
	tap_ok(pthread_create(&thread, nullptr, raise_it, seen) == 0 && pthread_join(thread, nullptr) == 0 &&
		       sigismember(&seen[0], SIGUSR1) && sigismember(&seen[0], SIGTERM) &&
		       !sigismember(&seen[0], SIGUSR2),
	       "a thread begins with the mask of who made it");
	tap_ok(handled_by == thread, "a thread handles what the first one blocks");
	tap_ok(sigismember(&in_handler, SIGUSR1) && sigismember(&in_handler, SIGUSR2) &&
		       sigismember(&in_handler, SIGTERM),
	       "in its handler it blocks the signal and the handler's mask as well");
	tap_ok(!sigismember(&seen[1], SIGUSR1) && !sigismember(&seen[1], SIGUSR2) &&
		       sigismember(&seen[1], SIGTERM),
	       "and afterwards what it did before");
	pthread_sigmask(SIG_SETMASK, &before, &own);
	tap_ok(sigismember(&own, SIGUSR1) && sigismember(&own, SIGTERM) && !sigismember(&own, SIGUSR2),
	       "the first thread's mask is as it was");
}

/* musl blocks all signals in a thread that ends; so did the whole process then. */
static void test_masks(void)
{
	sigset_t set;
	pthread_t thread;

	signal(SIGUSR1, note);
	pthread_sigmask(SIG_SETMASK, nullptr, &set);
	tap_ok(!sigismember(&set, SIGUSR1) && raise(SIGUSR1) == 0 && caught == 1,
	       "threads that ended have blocked no signal of the others");
	signal(SIGUSR2, note);
	tap_ok(pthread_create(&thread, nullptr, block_all, nullptr) == 0 &&
		       pthread_join(thread, nullptr) == 0 && (getppid(), caught) == 2,
	       "what a thread has blocked is handled by another");
	test_own_masks();
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

void test_threads(void)
{
	pthread_t threads[THREADS];
	bool made = true, good = true;
	void *result;

	pthread_key_create(&key, destroy);
	for (intptr_t i = 0; i < THREADS; i++)
		made &= pthread_create(&threads[i], nullptr, count, (void *)(i + 1)) == 0;
	tap_ok(made, "four threads");
	for (intptr_t i = 0; made && i < THREADS; i++)
		good &= pthread_join(threads[i], &result) == 0 && result == (void *)(i + 8);
	tap_ok(good, "are joined, each with thread-local variables of its own");
	tap_ok(counter == THREADS * ROUNDS, "a mutex keeps them apart, a condition had them begin together");
	tap_ok(destroyed == THREADS && onces == 1, "destructors of keys, pthread_once");
	sem_init(&semaphore, 0, 0);
	good = true;
	for (int i = 0; i < 50; i++) {
		pthread_attr_t attributes;
		pthread_t thread;

		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		good &= pthread_create(&thread, &attributes, post, nullptr) == 0;
		sem_wait(&semaphore);
	}
	tap_ok(good, "fifty detached ones, one after the other");
	good = pthread_create(&threads[0], nullptr, cancelled, nullptr) == 0;
	sem_wait(&semaphore);
	tap_ok(good && pthread_cancel(threads[0]) == 0 && pthread_join(threads[0], &result) == 0 &&
		       result == PTHREAD_CANCELED,
	       "pthread_cancel");
	test_masks();
}
