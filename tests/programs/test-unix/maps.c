// SPDX-License-Identifier: MIT OR Apache-2.0
/* Files as memory: private copies, shared pages, what is behind the end; and memory that grows. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static void test_private(int fd)
{
	char bytes[4] = "";
	char *p = mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	tap_ok(p != MAP_FAILED && memcmp(p, "first", 5) == 0 && memcmp(p + PAGE, "second", 6) == 0,
	       "a private mapping shows the file");
	memcpy(p, "mine!", 5);
	tap_ok(pread(fd, bytes, 4, 0) == 4 && memcmp(bytes, "firs", 4) == 0,
	       "what is written there stays there");
	tap_ok(munmap(p, PAGE) == 0 && memcmp(p + PAGE, "second", 6) == 0 && munmap(p + PAGE, PAGE) == 0,
	       "it is unmapped in parts");
	p = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	tap_ok(p != MAP_FAILED && memcmp(p, "second", 6) == 0, "from an offset");
	munmap(p, PAGE);
}

static void test_shared(int fd)
{
	char bytes[6] = "";
	char *p = mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int reader = open("/mapped", O_RDONLY);

	tap_ok(p != MAP_FAILED && memcmp(p, "first", 5) == 0, "a shared mapping shows the file");
	if (p == MAP_FAILED)
		return;
	memcpy(p, "OURS!", 5);
	tap_ok(msync(p, PAGE, MS_SYNC) == 0 && pread(reader, bytes, 5, 0) == 5 &&
		       memcmp(bytes, "OURS!", 5) == 0,
	       "what is written there is in the file");
	pwrite(fd, "again", 5, 0);
	tap_ok(memcmp(p, "again", 5) == 0, "and what is written to the file is there");
	munmap(p, 2 * PAGE);
	tap_fails((long)mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0), EACCES,
		  "who may only read cannot map it to be written");
	close(reader);
}

static void test_edges(int fd)
{
	char *p = mmap(nullptr, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	char *q;

	tap_ok(p != MAP_FAILED && p[3 * PAGE] == 0 && memcmp(p, "again", 5) == 0,
	       "behind the file's end there is empty memory");
	munmap(p, 4 * PAGE);
	tap_fails((long)mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL,
		  "not from within a page");
	tap_fails((long)mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF, "not of a closed one");
	tap_fails((long)mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE, 5, 0), ENODEV, "a Console is no memory");
	p = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(p, "keep", 4);
	q = mremap(p, PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	tap_ok(q != MAP_FAILED && memcmp(q, "keep", 4) == 0 && q[63 * PAGE] == 0,
	       "mremap grows, and keeps what was there");
	tap_ok(munmap(q, 64 * PAGE) == 0, "and goes as a whole");
}

void test_maps(void)
{
	int fd = open("/mapped", O_RDWR | O_CREAT | O_TRUNC, 0644);

	pwrite(fd, "first", 5, 0);
	pwrite(fd, "second", 6, PAGE);
	pwrite(fd, "", 1, 2 * PAGE - 1);
	test_private(fd);
	test_shared(fd);
	test_edges(fd);
	close(fd);
}
