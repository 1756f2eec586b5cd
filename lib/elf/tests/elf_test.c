// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The ELF reader on files made here: one that is right, then each way to be wrong, every truncation, and each byte of
 * the headers changed. Every file lies at the end of a heap block of exactly its size, so that a read beyond it is
 * seen by AddressSanitizer.
 */
#include <elf/elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 64,
	SEGMENTS = 2,
	TEXT_AT = HEADER + SEGMENTS * 56,
	TEXT = 0x100,
	DATA = 0x40,
	SECTIONS_AT = 0x300
};
enum { SIZE = 0x800 };

static uint8_t file[SIZE];
static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static void put(size_t at, uint64_t value, size_t bytes)
{
	memcpy(file + at, &value, bytes);
}

static void put_segment(unsigned i, uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
			uint64_t memory_size)
{
	size_t at = HEADER + i * 56;

	put(at, 1, 4);
	put(at + 4, flags, 4);
	put(at + 8, offset, 8);
	put(at + 16, address, 8);
	put(at + 32, file_size, 8);
	put(at + 40, memory_size, 8);
	put(at + 48, 0x1000, 8);
}

static void put_section(unsigned i, uint32_t name, uint32_t type, uint64_t offset, uint64_t size,
			uint32_t link)
{
	size_t at = SECTIONS_AT + i * 64;

	put(at, name, 4);
	put(at + 4, type, 4);
	put(at + 24, offset, 8);
	put(at + 32, size, 8);
	put(at + 40, link, 4);
}

static void put_symbol(size_t at, uint32_t name, uint64_t value)
{
	put(at, name, 4);
	put(at + 4, 2, 1);
	put(at + 6, 1, 2);
	put(at + 8, value, 8);
}

/* Text at 0, data at 0x1200 (file 0x200), sections: null, .shstrtab, .needs, .symtab, .strtab. */
static void make_file(void)
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memset(file, 0, sizeof(file));
	memcpy(file, ident, sizeof(ident));
	put(16, 3, 2);
	put(18, 62, 2);
	put(20, 1, 4);
	put(24, 0x180, 8);
	put(32, HEADER, 8);
	put(40, SECTIONS_AT, 8);
	put(54, 56, 2);
	put(56, SEGMENTS, 2);
	put(58, 64, 2);
	put(60, 5, 2);
	put(62, 1, 2);
	put_segment(0, 5, 0, 0, 0x200, 0x200);
	put_segment(1, 6, 0x200, 0x1200, 0x40, 0x3000);
	put_section(1, 1, 3, 0x500, 0x40, 0);
	put_section(2, 11, 1, 0x580, 8, 0);
	put_section(3, 18, 2, 0x600, 3 * 24, 4);
	put_section(4, 26, 3, 0x680, 0x20, 0);
	memcpy(file + 0x500, "\0.shstrtab\0.needs\0.symtab\0.strtab", 34);
	memcpy(file + 0x580, "recordxx", 8);
	put_symbol(0x600 + 24, 1, 0x180);
	put_symbol(0x600 + 48, 7, 0x1c0);
	memcpy(file + 0x680, "\0first\0second", 14);
}

static enum status open_copy(struct elf *elf, uint8_t **copy, size_t size)
{
	*copy = malloc(size ? size : 1);
	memcpy(*copy, file, size);
	return elf_open(elf, *copy, size, nullptr);
}

static bool refused(void)
{
	struct elf elf;
	uint8_t *copy;
	bool no = open_copy(&elf, &copy, SIZE) == STATUS_BAD_MESSAGE;

	free(copy);
	return no;
}

/* Uses all of what was accepted: what elf_open lets pass must be safe to use. */
static bool use(const struct elf *elf)
{
	const uint8_t *bytes;
	const char *name;
	size_t size;
	uint64_t offset, sum = 0;

	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];

		if (s->offset + s->file_size > elf->size || s->address + s->memory_size > elf->end)
			return false;
		for (uint64_t k = 0; k < s->file_size; k++)
			sum += elf->bytes[s->offset + k];
	}
	if (elf_section(elf, ".needs", &bytes, &size))
		for (size_t k = 0; k < size; k++)
			sum += bytes[k];
	if (elf_symbol(elf, 0x190, &name, &offset))
		sum += strlen(name);
	return sum != UINT64_MAX;
}

static void test_good(void)
{
	struct elf elf;
	uint8_t *copy;
	const uint8_t *bytes;
	const char *name;
	size_t size;
	uint64_t offset;

	make_file();
	report(open_copy(&elf, &copy, SIZE) == STATUS_OK, "a good file is accepted");
	report(elf.segment_count == 2 && elf.entry == 0x180 && elf.end == 0x5000,
	       "entry, segments and end are right");
	report(elf.segments[0].executable && !elf.segments[0].writable && elf.segments[1].writable &&
		       elf.segments[1].memory_size == 0x3000,
	       "flags and sizes are right");
	report(elf_section(&elf, ".needs", &bytes, &size) && size == 8 && memcmp(bytes, "recordxx", 8) == 0,
	       "a section is found by name");
	report(!elf_section(&elf, ".absent", &bytes, &size), "a section that is not there is not found");
	report(elf_symbol(&elf, 0x1a0, &name, &offset) && strcmp(name, "first") == 0 && offset == 0x20,
	       "an address is named by the symbol below it");
	report(elf_symbol(&elf, 0x1c0, &name, &offset) && strcmp(name, "second") == 0 && offset == 0,
	       "a symbol's own address is its");
	report(!elf_symbol(&elf, 0x10, &name, &offset), "an address below all symbols has no name");
	free(copy);
}

struct change {
	const char *what;
	size_t at;
	uint64_t value;
	size_t bytes;
};

static const struct change changes[] = {
	{"a wrong magic number is refused", 0, 0, 1},
	{"a 32-bit file is refused", 4, 1, 1},
	{"a file for another machine is refused", 18, 40, 2},
	{"a file that is not position-independent is refused", 16, 2, 2},
	{"an entry outside the text is refused", 24, 0x200, 8},
	{"an entry in the data is refused", 24, 0x1200, 8},
	{"program headers beyond the end are refused", 32, SIZE - 8, 8},
	{"a program header offset that wraps is refused", 32, UINT64_MAX - 8, 8},
	{"more program headers than bytes are refused", 56, 0xffff, 2},
	{"program headers of another size are refused", 54, 32, 2},
	{"a segment beyond the end of the file is refused", HEADER + 32, SIZE + 1, 8},
	{"a segment offset that wraps is refused", HEADER + 56 + 8, UINT64_MAX - 0xdff, 8},
	{"a segment larger in the file than in memory is refused", HEADER + 40, 0x1ff, 8},
	{"an address that wraps is refused", HEADER + 56 + 16, UINT64_MAX - 0xdff, 8},
	{"an address out of range is refused", HEADER + 56 + 16, ELF_MAX_ADDRESS + 0x200, 8},
	{"a memory size out of range is refused", HEADER + 56 + 40, UINT64_MAX, 8},
	{"an address not congruent to its offset is refused", HEADER + 56 + 16, 0x1208, 8},
	{"segments in one page are refused", HEADER + 56 + 16, 0x200, 8},
	{"a writable and executable segment is refused", HEADER + 4, 7, 4},
	{"a segment that cannot be read is refused", HEADER + 56 + 4, 2, 4},
	{"a file that wants an interpreter is refused", HEADER + 56, 3, 4},
};

static void test_hostile_fields(void)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		make_file();
		put(changes[i].at, changes[i].value, changes[i].bytes);
		report(refused(), changes[i].what);
	}
}

static void test_truncations(void)
{
	bool good = true;

	make_file();
	for (size_t size = 0; size <= SIZE; size++) {
		struct elf elf;
		uint8_t *copy;

		if (open_copy(&elf, &copy, size) == STATUS_OK)
			good &= size >= 0x240 && use(&elf);
		free(copy);
	}
	report(good, "no truncation is read beyond its end");
}

static void test_changed_bytes(void)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
	bool good = true;

	for (size_t at = 0; at < SIZE; at++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			struct elf elf;
			uint8_t *copy;

			make_file();
			file[at] = values[v];
			if (open_copy(&elf, &copy, SIZE) == STATUS_OK)
				good &= use(&elf);
			free(copy);
		}
	}
	report(good, "no changed byte makes it read beyond the end");
}

int main(void)
{
	test_good();
	test_hostile_fields();
	test_truncations();
	test_changed_bytes();
	printf("1..%d\n", test_number);
	return failures > 0;
}
