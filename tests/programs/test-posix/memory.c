// SPDX-License-Identifier: MIT OR Apache-2.0
/* mmap, malloc. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Through a pointer, so that the compiler does not decide how it ends. */
static void *(*volatile allocate)(size_t) = malloc;

void test_memory(void)
{
	unsigned char *p = mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool good = p != MAP_FAILED;

	for (int i = 0; good && i < 65536; i++)
		good = p[i] == 0;
	tap_ok(good, "anonymous memory, cleared");
	tap_ok(munmap(p, 65536) == 0, "munmap");
	tap_fails(mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
				  MAP_FAILED
			  ? -1
			  : 0,
		  EACCES, "nothing is writable and executable");
	tap_fails(mmap(nullptr, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0,
		  EINVAL, "nothing has no length");

	p = mmap(nullptr, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	tap_ok(p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0, "a reservation is opened");
	p[0] = 1;
	tap_ok(mprotect(p, 4096, PROT_READ) == 0 && p[0] == 1 && mprotect(p, 4096, PROT_NONE) == 0 &&
		       mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0 && (p[0] += 1) == 2,
	       "closed, and opened again, with what was in it");
	tap_fails(mprotect(p, 4096, PROT_READ | PROT_EXEC), EACCES,
		  "what was made to be written is never run");
	munmap(p, 8192);

	void *blocks[200];

	good = true;
	for (size_t i = 0; i < 200; i++) {
		blocks[i] = malloc(i * i);
		good &= blocks[i] != nullptr;
		if (blocks[i])
			memset(blocks[i], (int)i, i * i);
	}
	for (size_t i = 0; i < 200; i++) {
		unsigned char *b = blocks[i];

		for (size_t j = 0; b && j < i * i; j++)
			good &= b[j] == (unsigned char)i;
		free(b);
	}
	tap_ok(good, "malloc and free of 200 blocks");
	p = realloc(malloc(100), 1'000'000);
	tap_ok(p != nullptr, "realloc");
	free(p);
	errno = 0;
	p = allocate(1ul << 45);
	tap_ok(p == nullptr && errno == ENOMEM, "what nobody has fails");
}
