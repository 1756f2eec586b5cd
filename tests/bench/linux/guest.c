// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Linux guest's /init. The kernel command line says what to do:
 *   bench=boot    report when the first user instruction ran, and the memory in use
 *   bench=ops     the operations of the table
 *   bench=cross   a byte through two pipes, between processes on two CPUs
 *   bench=wall    the few of them that are also compared in wall-clock time
 * It ends the machine through isa-debug-exit (port 0xf4).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static bool wall; /* nanoseconds are wanted */

uint64_t bench_clock(void)
{
	struct timespec t;

	if (!wall)
		return read_tsc();
	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_fail(const char *what)
{
	printf("fail %s\n", what);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void bench_samples(const char *key, uint64_t samples[BATCHES], long operations)
{
	qsort(samples, BATCHES, sizeof(samples[0]), by_value);
	printf("row %s %.1f %s\n", key, (double)samples[BATCHES / 2] / (double)operations,
	       wall ? "ns" : "insn");
	fflush(stdout);
}

void bench(const char *key, long operations, bench_fn *body, void *context)
{
	uint64_t samples[BATCHES];

	body(operations / 4 + 1, context);
	for (int i = 0; i < BATCHES; i++) {
		uint64_t start = bench_clock();

		body(operations, context);
		samples[i] = bench_clock() - start;
	}
	bench_samples(key, samples, operations);
}

/* Two instructions an iteration, so that a reader sees what the TSC counts. */
static void empty_loop(long operations, void *context)
{
	(void)context;
	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(operations)::"cc");
}

/* The console may not be open yet: an initramfs without /dev/console is allowed. */
static void open_console(void)
{
	if (fcntl(1, F_GETFD) >= 0)
		return;
	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, nullptr);
	int fd = open("/dev/console", O_RDWR);
	if (fd >= 0 && (dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0))
		_exit(1);
}

/* kB of a line of /proc/meminfo */
static long meminfo(const char *name)
{
	char line[128];
	long value = -1;
	FILE *file = fopen("/proc/meminfo", "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0)
			sscanf(line + strlen(name), ": %ld", &value);
	}
	if (file)
		fclose(file);
	return value;
}

/* Text that is not the kernel's own: which mitigations are on. */
static void print_file(const char *label, const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (file && fgets(line, sizeof(line), file))
		printf("info %s: %s", label, line);
	if (file)
		fclose(file);
}

static void end_machine(void)
{
	printf("done\n");
	fflush(stdout);
	usleep(20000); /* the UART drains */
	if (!ioperm(0xf4, 4, 1))
		outl(0, 0xf4);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void run_ops(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof(first), &first);
	print_file("meltdown", "/sys/devices/system/cpu/vulnerabilities/meltdown");
	print_file("spectre_v2", "/sys/devices/system/cpu/vulnerabilities/spectre_v2");
	bench("calibration", 1000000, empty_loop, nullptr);
	if (wall) {
		bench_ipc_small();
		return;
	}
	bench_calls();
	bench_ipc();
	bench_uring();
	bench_process();
	bench_memory();
}

int main(void)
{
	uint64_t first = read_tsc();
	static char command_line[2048];
	struct utsname name;

	open_console();
	printf("first-line\nrow boot_total %llu insn\n", (unsigned long long)first);
	fflush(stdout);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/tmp", 0755);
	if (mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) && errno != EEXIST)
		bench_fail("null");
	mount("proc", "/proc", "proc", 0, nullptr);
	mount("sys", "/sys", "sysfs", 0, nullptr);
	mount("tmp", "/tmp", "tmpfs", 0, nullptr);
	int fd = open("/proc/cmdline", O_RDONLY);
	if (fd < 0 || read(fd, command_line, sizeof(command_line) - 1) < 0)
		bench_fail("cmdline");
	uname(&name);
	printf("info kernel: %s %s\n", name.release, name.version);
	wall = strstr(command_line, "bench=wall") != nullptr ||
	       strstr(command_line, "bench=cross") != nullptr;
	if (strstr(command_line, "bench=boot"))
		printf("row idle_memory %ld kB\nrow memory_with_kernel %ld kB\n",
		       meminfo("MemTotal") - meminfo("MemFree"), 128 * 1024 - meminfo("MemFree"));
	else if (strstr(command_line, "bench=scale"))
		bench_scale();
	else if (strstr(command_line, "bench=cross"))
		bench_cross();
	else
		run_ops();
	end_machine();
}
