// SPDX-License-Identifier: MIT OR Apache-2.0
/* The scaling figures of the Linux guest: as tests/programs/bench-scale, with the same lines. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <scale_work/work.h>

#include "guest.h"

struct worker {
	struct scale_part part;
	uint64_t begin, end, sum;
};

static uint64_t data[SCALE_BYTES / 8];
static struct worker *workers; /* shared with children */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *work(void *context)
{
	struct worker *worker = context;

	worker->begin = now();
	worker->sum = scale_hash(data, worker->part);
	worker->end = now();
	return nullptr;
}

static bool run_threads(uint32_t count)
{
	pthread_t threads[SCALE_WORKERS_MAX];
	uint32_t started = 0;

	for (uint32_t i = 0; i < count; i++)
		started += pthread_create(&threads[started], nullptr, work, &workers[i]) == 0;
	for (uint32_t i = 0; i < started; i++)
		pthread_join(threads[i], nullptr);
	return started == count;
}

static bool run_processes(uint32_t count)
{
	pid_t children[SCALE_WORKERS_MAX];
	bool good = true;

	for (uint32_t i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			work(&workers[i]);
			_exit(0);
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		int status = -1;

		good &= children[i] > 0 && waitpid(children[i], &status, 0) == children[i] && status == 0;
	}
	return good;
}

static void measure(const char *kind, bool (*run)(uint32_t), uint32_t count, uint32_t turn)
{
	uint64_t begin = UINT64_MAX, end = 0, sum = 0, start, total;

	for (uint32_t i = 0; i < count; i++)
		workers[i] = (struct worker){.part = scale_part(i, count)};
	start = now();
	bool good = run(count);
	total = now() - start;
	for (uint32_t i = 0; i < count; i++) {
		begin = workers[i].begin < begin ? workers[i].begin : begin;
		end = workers[i].end > end ? workers[i].end : end;
		sum += workers[i].sum;
	}
	if (good)
		printf("scale %s %u %u %llu %llu %llx\n", kind, count, turn,
		       (unsigned long long)(end - begin), (unsigned long long)total,
		       (unsigned long long)(sum & 0x7fffffff));
	else
		printf("scale-failed %s %u %u\n", kind, count, turn);
	fflush(stdout);
}

void bench_scale(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	workers = mmap(nullptr, sizeof(*workers) * SCALE_WORKERS_MAX, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (workers == MAP_FAILED)
		return;
	scale_fill(data, (struct scale_part){0, SCALE_BLOCKS});
	for (uint32_t turn = 0; turn < SCALE_RUNS; turn++) {
		for (uint32_t count = 1; count <= cpus && count <= SCALE_WORKERS_MAX; count *= 2) {
			measure("threads", run_threads, count, turn);
			measure("processes", run_processes, count, turn);
		}
	}
	printf("scale-done\n");
}
