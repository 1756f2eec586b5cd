// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The boot package as the spawn library reads it: a right one, then damaged ones; and where programs are placed.
 */
#include "package_bytes.h"

#include <spawn/layout.h>
#include <stdio.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static enum status open_package(struct spawn_package *package)
{
	return spawn_package_init(package, package_bytes, SIZE, (cap_id){7});
}

static void test_good(void)
{
	struct spawn_package package;
	struct spawn_program program;
	struct msg_text name;
	struct msg_data data;

	make_package(DATA_AT, 9);
	report(open_package(&package) == STATUS_OK, "a right package is accepted");
	report(spawn_package_program(&package, MSG_TEXT("prog"), &program) == STATUS_OK &&
		       program.entry == 0x80 && program.segment_count == 1 && program.image_size == PAGE &&
		       program.stack_bytes == 65536,
	       "a program is found and read");
	report(spawn_package_program(&package, MSG_TEXT("data"), &program) == STATUS_NOT_FOUND,
	       "a file of another kind is no program");
	report(spawn_package_program(&package, MSG_TEXT("pro"), &program) == STATUS_NOT_FOUND,
	       "a part of a name is not it");
	report(spawn_package_file(&package, MSG_TEXT("data"), PACKAGE_INDEX_KIND_DATA, &data) == STATUS_OK &&
		       data.len == 9 && memcmp(data.ptr, "some data", 9) == 0,
	       "a file is found and read");
	report(spawn_package_name(&package, PACKAGE_INDEX_KIND_DATA, 0, &name) &&
		       msg_text_equal(name, MSG_TEXT("data")) &&
		       !spawn_package_name(&package, PACKAGE_INDEX_KIND_DATA, 1, &name),
	       "files are listed by kind");
}

static void test_damaged(void)
{
	struct spawn_package package;
	struct spawn_program program;
	struct msg_data data;
	bool good = true;

	make_package(DATA_AT, 9);
	for (size_t at = 0; at < sizeof(struct cap_package_header); at++) {
		uint8_t old = package_bytes[at];

		for (int bit = 0; bit < 8; bit++) {
			package_bytes[at] = (uint8_t)(old ^ 1u << bit);
			(void)open_package(
				&package); /* may be accepted: not all of the header is the library's */
		}
		package_bytes[at] = old;
	}
	report(open_package(&package) == STATUS_OK, "damaged headers are read within their bounds");

	for (uint64_t size = 0; size < sizeof(struct cap_package_header); size++)
		good &= spawn_package_init(&package, package_bytes, size, CAP_ID_NULL) == STATUS_BAD_MESSAGE;
	report(good, "a truncated header is refused");
	report(spawn_package_init(&package, package_bytes, SIZE - 1, CAP_ID_NULL) == STATUS_BAD_MESSAGE,
	       "a truncated package is refused");

	package_bytes[PAGE + 9] ^= 1;
	report(open_package(&package) == STATUS_BAD_MESSAGE, "a changed index is refused");
	make_package(DATA_AT, 9);
	package_bytes[PROGRAM_AT + 0x90] ^= 1;
	report(open_package(&package) == STATUS_OK &&
		       spawn_package_program(&package, MSG_TEXT("prog"), &program) == STATUS_BAD_MESSAGE,
	       "a changed program is not given out");

	static const struct {
		uint64_t at, size;
	} places[] = {{DATA_AT, PAGE + 1},
		      {SIZE, 1},
		      {UINT64_MAX - 7, 16},
		      {DATA_AT, UINT64_MAX},
		      {DATA_AT + 8, 9}};

	good = true;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_package(places[i].at, places[i].size);
		good &= open_package(&package) == STATUS_OK &&
			spawn_package_file(&package, MSG_TEXT("data"), PACKAGE_INDEX_KIND_DATA, &data) ==
				STATUS_BAD_MESSAGE;
	}
	report(good, "files that are not in the package, or not on a page, are refused");
}

/* ---- Placing ---- */

static bool layout_is_sound(const struct spawn_program *p, const struct layout *l)
{
	uint64_t image_end = l->image + p->image_size;

	return l->image % PAGE == 0 && l->stack % PAGE == 0 && l->message % PAGE == 0 &&
	       l->image >= 4ull << 30 && l->stack >= image_end + PAGE &&
	       l->message >= l->stack + l->stack_bytes + PAGE &&
	       l->message + l->message_pages * PAGE <= 1ull << 47 && l->message_offset % PAGE == 0 &&
	       l->stack_offset % PAGE == 0 &&
	       l->stack_offset >= l->message_offset + l->message_pages * PAGE &&
	       l->memory_bytes == l->stack_offset + l->stack_bytes;
}

static void test_layout(void)
{
	struct spawn_program p = {
		.image_size = 20 * PAGE,
		.stack_bytes = 65536,
		.segment_count = 2,
		.segments = {{.memory_size = 15 * PAGE, .executable = true},
			     {.address = 16 * PAGE + 8, .memory_size = 3 * PAGE, .writable = true}},
	};
	bool sound = true, one_area = true;
	uint64_t first = 0, distance = 0;
	unsigned moved = 0, shifted = 0;

	for (uint64_t seed = 0; seed < 2000; seed++) {
		p.image_size = (seed % 10 == 9 ? 3000 : 20) * (uint64_t)PAGE;

		struct layout l = spawn_layout(&p, seed % 7 * 1000 + 1, seed);

		sound &= layout_is_sound(&p, &l) && l.message_offset - l.segment_offset[1] == 4 * PAGE;
		if (seed % 10 != 9)
			one_area &= l.image >> 21 == (l.message + PAGE - 1) >> 21;
		moved += l.image != first;
		shifted += l.stack - l.image != distance;
		first = l.image;
		distance = l.stack - l.image;
	}
	report(sound, "image, stack and start message lie apart, with guards, in the user half");
	report(one_area, "a small program lies in one 2 MiB area");
	report(moved == 2000 && shifted > 1900, "each seed gives another place and another distance");
}

int main(void)
{
	package_bytes = malloc(SIZE);
	test_good();
	test_damaged();
	test_layout();
	free(package_bytes);
	printf("1..%d\n", test_number);
	return failures > 0;
}
