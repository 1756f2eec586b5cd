// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ksyms: the kernel's own symbol table, for backtraces in a panic.
 *
 * Reads `llvm-nm --numeric-sort` output of a kernel ELF and writes, little-endian:
 *
 *	u32 count, u32 names_size
 *	count x { u32 addr_offset; u32 name_offset; }	sorted by addr_offset
 *	names_size bytes of NUL-terminated names
 *
 * addr_offset is the address minus 0xffffffff80000000; name_offset counts from the first name.  Only functions are
 * listed.  The kernel finds the blob between the symbols `ksyms_start` (8-byte aligned) and `ksyms_end`, in
 * .rodata.ksyms; the link is done twice (mk/kernel.mk), the first time with an empty blob (count 0).  A symbol's size is
 * the distance to the next one.  Empty input gives the empty blob.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_BASE 0xffffffff80000000ull

struct entry {
	uint32_t addr_offset;
	uint32_t name_offset;
};

static struct entry *entries;
static uint32_t count, entries_room;
static char *names;
static uint32_t names_size, names_room;

static void fail(const char *what)
{
	fprintf(stderr, "ksyms: %s\n", what);
	exit(1);
}

static void *grow(void *old, uint32_t *room, size_t element)
{
	*room = *room ? *room * 2 : 1024;
	void *now = realloc(old, *room * element);
	if (!now)
		fail("out of memory");
	return now;
}

static void add(uint64_t address, const char *name)
{
	uint32_t offset = (uint32_t)(address - KERNEL_BASE);
	uint32_t length = (uint32_t)strlen(name) + 1;

	/* Of several names for one address the first stays. */
	if (count && entries[count - 1].addr_offset == offset)
		return;
	if (count && entries[count - 1].addr_offset > offset)
		fail("input is not sorted");
	if (count == entries_room)
		entries = grow(entries, &entries_room, sizeof(*entries));
	while (names_size + length > names_room)
		names = grow(names, &names_room, 1);
	entries[count++] = (struct entry){offset, names_size};
	memcpy(names + names_size, name, length);
	names_size += length;
}

int main(void)
{
	static char line[4096], name[4096];
	uint64_t address;
	char type;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%" SCNx64 " %c %4095s", &address, &type, name) != 3)
			continue;
		/* Functions only; low addresses (boot code) and the type ids before functions are in no backtrace. */
		if (!strchr("tTwW", type) || address < KERNEL_BASE || !strncmp(name, "__cfi_", 6))
			continue;
		add(address, name);
	}
	uint32_t head[2] = {count, names_size};
	if (fwrite(head, sizeof(head), 1, stdout) != 1 ||
	    fwrite(entries, sizeof(*entries), count, stdout) != count ||
	    fwrite(names, 1, names_size, stdout) != names_size || fflush(stdout))
		fail(strerror(errno));
	return 0;
}
