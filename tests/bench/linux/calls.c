// SPDX-License-Identifier: MIT OR Apache-2.0
/* System calls that do next to nothing, descriptors (Linux's capabilities), and an eventfd that nobody waits for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

static void null_call(long operations, void *context)
{
	(void)context;
	while (operations--) {
		long result;

		__asm__ volatile("syscall" : "=a"(result) : "a"((long)SYS_getppid) : "rcx", "r11", "memory");
	}
}

static void dup_close(long operations, void *context)
{
	(void)context;
	while (operations--)
		close(dup(0));
}

static void open_close(long operations, void *context)
{
	while (operations--)
		close(open(context, O_RDONLY));
}

static void event_write_read(long operations, void *context)
{
	int fd = *(int *)context;
	uint64_t value = 1;

	while (operations--) {
		if (write(fd, &value, sizeof(value)) != sizeof(value) ||
		    read(fd, &value, sizeof(value)) != sizeof(value))
			bench_fail("eventfd");
	}
}

void bench_calls(void)
{
	char path[] = "/tmp/file";
	int file = open(path, O_RDWR | O_CREAT, 0600), event = eventfd(0, 0);

	bench("enter", 20000, null_call, nullptr);
	bench("cap_dup_drop", 10000, dup_close, nullptr);
	bench("signal_poll", 10000, event_write_read, &event);
	bench("open_close", 5000, open_close, path);
	close(file);
	close(event);
}
