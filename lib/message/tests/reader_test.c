// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The reader against messages that are wrong in each way that the encoding allows: every one must read as defaults and
 * mark the reader. Where a message is right, its neighbours at the limits are tried too.
 */
#include <message/message.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static uint64_t struct_word(int32_t offset, unsigned data, unsigned pointers)
{
	return ((uint32_t)offset << 2) | (uint64_t)data << 32 | (uint64_t)pointers << 48;
}

static uint64_t list_word(int32_t offset, enum msg_elem elem, uint64_t count)
{
	return ((uint32_t)offset << 2 | 1) | (uint64_t)elem << 32 | count << 35;
}

/* A copy in a heap block of exactly that size, so that the sanitizer sees the first byte beyond. */
static struct msg_reader reader_of(const uint64_t *words, size_t count)
{
	static void *block;
	struct msg_reader r;

	free(block);
	block = malloc(count * 8 + 1); /* never an empty block */
	memcpy(block, words, count * 8);
	msg_reader_init(&r, block, count * 8);
	return r;
}

static void sizes(void)
{
	uint64_t w[2] = {struct_word(0, 1, 0), 42};
	struct msg_reader r;

	msg_reader_init(&r, w, 0);
	report(!msg_reader_ok(&r), "an empty message is malformed");
	msg_reader_init(&r, w, 15);
	report(!msg_reader_ok(&r), "a length that is no multiple of 8 is malformed");
	r = reader_of(w, 2);
	report(msg_struct_u64(msg_reader_root(&r), 0) == 42 && msg_reader_ok(&r),
	       "a root struct that ends at the end");
	r = reader_of(w, 1);
	report(msg_struct_u64(msg_reader_root(&r), 0) == 0 && !msg_reader_ok(&r),
	       "a root struct beyond the end");
	w[0] = struct_word(-2, 1, 0);
	r = reader_of(w, 2);
	report(msg_reader_root(&r).data == nullptr && !msg_reader_ok(&r), "a root struct before the start");
	w[0] = struct_word(-1, 0, 0);
	r = reader_of(w, 1);
	report(msg_reader_root(&r).data != nullptr && msg_reader_ok(&r), "an empty root struct");
	w[0] = 0;
	r = reader_of(w, 1);
	report(msg_reader_root(&r).data_bytes == 0 && msg_reader_ok(&r), "a null root");
	w[0] = list_word(0, MSG_ELEM_64, 1);
	r = reader_of(w, 2);
	(void)msg_reader_root(&r);
	report(!msg_reader_ok(&r), "a list where a struct should be");
	w[0] = 2;
	r = reader_of(w, 2);
	(void)msg_reader_root(&r);
	report(!msg_reader_ok(&r), "a far pointer");
	bool good = true;
	for (int32_t offset = 1; offset > 0 && offset < 1 << 29; offset <<= 1) {
		w[0] = struct_word(offset, 1, 0);
		r = reader_of(w, 2);
		good &= msg_reader_root(&r).data == nullptr && !msg_reader_ok(&r);
		w[0] = struct_word(-offset - 1, 1, 0);
		r = reader_of(w, 2);
		good &= msg_reader_root(&r).data == nullptr && !msg_reader_ok(&r);
	}
	report(good, "far off offsets of every magnitude, both ways");
}

/* A root with one pointer, which is `word`, and `count` words behind. */
static struct msg_struct with(struct msg_reader *r, uint64_t word, size_t count)
{
	uint64_t w[64] = {struct_word(0, 0, 1), word};

	*r = reader_of(w, 2 + count);
	return msg_reader_root(r);
}

static bool list_refused(uint64_t word, size_t count, enum msg_elem expected)
{
	struct msg_reader r;
	struct msg_list l = msg_struct_list(with(&r, word, count), 0, expected);

	return l.count == 0 && !msg_reader_ok(&r);
}

static bool list_read(uint64_t word, size_t count, enum msg_elem expected, uint32_t elements)
{
	struct msg_reader r;
	struct msg_list l = msg_struct_list(with(&r, word, count), 0, expected);

	return l.count == elements && msg_reader_ok(&r);
}

static void lists(void)
{
	report(list_read(list_word(0, MSG_ELEM_64, 2), 2, MSG_ELEM_64, 2), "a list that ends at the end");
	report(list_refused(list_word(0, MSG_ELEM_64, 3), 2, MSG_ELEM_64), "a list one word too long");
	report(list_refused(list_word(0, MSG_ELEM_64, (1u << 29) - 1), 2, MSG_ELEM_64),
	       "the longest list there can be");
	report(list_read(list_word(0, MSG_ELEM_BIT, 128), 2, MSG_ELEM_BIT, 128),
	       "bits that fill their words");
	report(list_refused(list_word(0, MSG_ELEM_BIT, 129), 2, MSG_ELEM_BIT), "one bit too many");
	report(list_read(list_word(0, MSG_ELEM_VOID, 12), 2, MSG_ELEM_VOID, 12), "voids within the budget");
	report(list_refused(list_word(0, MSG_ELEM_VOID, 1000), 2, MSG_ELEM_VOID), "voids cost a word each");
	report(list_refused(list_word(0, MSG_ELEM_BIT, 8), 2, MSG_ELEM_8), "bits are not bytes");
	report(list_refused(list_word(0, MSG_ELEM_32, 2), 2, MSG_ELEM_64),
	       "small elements are not large ones");
	report(list_read(list_word(0, MSG_ELEM_64, 2), 2, MSG_ELEM_32, 2),
	       "large elements can be read as small ones");
	report(list_refused(list_word(0, MSG_ELEM_64, 2), 2, MSG_ELEM_POINTER), "numbers are not pointers");
	report(list_read(list_word(0, MSG_ELEM_POINTER, 2), 2, MSG_ELEM_COMPOSITE, 2),
	       "pointers can be read as structs");
}

static bool composite(uint64_t tag, uint64_t words, size_t there, enum msg_elem expected, bool good)
{
	uint64_t w[64] = {struct_word(0, 0, 1), list_word(0, MSG_ELEM_COMPOSITE, words), tag};
	struct msg_reader r = reader_of(w, 3 + there);
	struct msg_list l = msg_struct_list(msg_reader_root(&r), 0, expected);

	for (uint32_t i = 0; i < l.count && i < 100; i++)
		(void)msg_struct_u64(msg_list_struct(l, i), 0);
	return msg_reader_ok(&r) == good && (good || l.count == 0);
}

static void composites(void)
{
	report(composite(struct_word(4, 1, 0), 4, 4, MSG_ELEM_COMPOSITE, true),
	       "structs that fill their list");
	report(composite(struct_word(3, 1, 0), 4, 4, MSG_ELEM_COMPOSITE, true),
	       "a list with a word to spare");
	report(composite(struct_word(5, 1, 0), 4, 4, MSG_ELEM_COMPOSITE, false), "one struct too many");
	report(composite(struct_word(4, 1, 0), 4, 3, MSG_ELEM_COMPOSITE, false),
	       "a list that the message cuts");
	report(composite(struct_word(1, 0xffff, 0xffff), 4, 4, MSG_ELEM_COMPOSITE, false),
	       "structs of the largest size");
	report(composite(struct_word((1 << 29) - 1, 0xffff, 0xffff), 4, 4, MSG_ELEM_COMPOSITE, false),
	       "the largest product");
	report(composite(struct_word(1000, 0, 0), 0, 0, MSG_ELEM_COMPOSITE, false),
	       "empty structs cost a word each");
	report(composite(struct_word(5, 0, 0), 0, 0, MSG_ELEM_COMPOSITE, true), "a few empty structs");
	report(composite(struct_word(4, 1, 0) | 1, 4, 4, MSG_ELEM_COMPOSITE, false),
	       "a tag that is no struct");
	report(composite(struct_word(4, 1, 0), 4, 4, MSG_ELEM_POINTER, false),
	       "structs without pointers as pointers");
	report(composite(struct_word(4, 0, 1), 4, 4, MSG_ELEM_32, false), "structs without data as numbers");
	report(composite(struct_word(4, 1, 0), 4, 4, MSG_ELEM_32, true), "structs as their first number");
	report(composite(struct_word(4, 1, 0), 4, 4, MSG_ELEM_BIT, false), "structs as bits");
}

static bool text_refused(uint64_t word, const char bytes[8])
{
	uint64_t w[3] = {struct_word(0, 0, 1), word, 0};

	memcpy(&w[2], bytes, 8);
	struct msg_reader r = reader_of(w, 3);
	return !msg_text_is_next(r.base, r.words * 8, 0) &&
	       msg_struct_text(msg_reader_root(&r), 0).len == 0 && !msg_reader_ok(&r);
}

/* What is taken for checked by one look is what reading it finds good, and reads the same when it is trusted. */
static bool next_agrees(void)
{
	static const char bytes[16] = "ab\0cdefg\0hijklm";
	bool good = true;
	uint32_t taken = 0;

	for (uint32_t offset = 0; offset < 3; offset++) {
		for (uint32_t count = 0; count < 26; count++) {
			uint64_t w[4] = {struct_word(0, 0, 1), list_word((int32_t)offset, MSG_ELEM_8, count)};
			struct msg_reader r, again;

			memcpy(&w[2], bytes, 16);
			r = again = reader_of(w, 4);
			if (!msg_text_is_next(r.base, r.words * 8, 0))
				continue;

			struct msg_struct root = msg_reader_root(&again);
			struct msg_text read = msg_get_text(msg_struct_pointer(root, 0)), trusted;

			root.msg = nullptr;
			trusted = msg_get_text(msg_struct_pointer(root, 0));
			good &= msg_reader_ok(&again) && read.ptr == trusted.ptr && read.len == trusted.len &&
				read.len == count - 1;
			taken++;
		}
	}
	return good && taken == 3; /* behind "ab", "cdefg" and "hijklm" */
}

static void texts(void)
{
	uint64_t w[3] = {struct_word(0, 0, 1), list_word(0, MSG_ELEM_8, 8), 0};

	memcpy(&w[2], "hello, ", 8);
	struct msg_reader r = reader_of(w, 3);
	struct msg_text t = msg_struct_text(msg_reader_root(&r), 0);
	report(t.len == 7 && strcmp(t.ptr, "hello, ") == 0 && msg_reader_ok(&r), "a text");
	report(next_agrees(), "a text that lies next is checked by one look");
	report(text_refused(list_word(0, MSG_ELEM_8, 0), "\0\0\0\0\0\0\0"), "a text of size 0");
	report(text_refused(list_word(0, MSG_ELEM_8, 8), "no end!!"), "a text without its NUL");
	report(text_refused(list_word(0, MSG_ELEM_16, 4), "\0\0\0\0\0\0\0"), "a text of wide characters");
	report(text_refused(list_word(0, MSG_ELEM_8, 9), "\0\0\0\0\0\0\0"), "a text beyond the end");
	report(text_refused(struct_word(0, 1, 0), "\0\0\0\0\0\0\0"), "a struct as text");
	r = reader_of(w, 3);
	report(msg_struct_data(msg_reader_root(&r), 0).len == 8 && msg_reader_ok(&r),
	       "the same bytes as data");
}

static void caps(void)
{
	uint64_t w[2] = {struct_word(0, 0, 1), 3 | 2ull << 32};
	struct msg_reader r = reader_of(w, 2);

	msg_reader_set_caps(&r, 3);
	report(msg_struct_cap(msg_reader_root(&r), 0) == 2 && msg_reader_ok(&r), "the last capability");
	r = reader_of(w, 2);
	msg_reader_set_caps(&r, 2);
	report(msg_struct_cap(msg_reader_root(&r), 0) == -1 && !msg_reader_ok(&r),
	       "a capability that did not come");
	w[1] = 7 | 1ull << 32;
	r = reader_of(w, 2);
	report(msg_struct_cap(msg_reader_root(&r), 0) == -1 && !msg_reader_ok(&r),
	       "a pointer of no known kind");
	w[1] = 0;
	r = reader_of(w, 2);
	report(msg_struct_cap(msg_reader_root(&r), 0) == -1 && msg_reader_ok(&r), "a null capability");
}

static void depths(void)
{
	uint64_t w[64];
	struct msg_reader r;

	for (unsigned levels = MSG_NESTING; levels <= MSG_NESTING + 1; levels++) {
		for (unsigned i = 0; i < levels; i++)
			w[i] = struct_word(0, 0, 1);
		w[levels] = 0;
		r = reader_of(w, levels + 1);
		struct msg_struct s = msg_reader_root(&r);
		for (unsigned i = 1; i < levels; i++)
			s = msg_struct_struct(s, 0);
		report(msg_reader_ok(&r) == (levels == MSG_NESTING), "nesting at its limit");
	}
	w[0] = struct_word(0, 0, 1);
	w[1] = struct_word(-1, 0, 1); /* itself */
	r = reader_of(w, 2);
	struct msg_struct s = msg_reader_root(&r);
	for (unsigned i = 0; i < 100; i++)
		s = msg_struct_struct(s, 0);
	report(!msg_reader_ok(&r), "a struct that contains itself");

	w[0] = struct_word(0, 0, 1);
	w[1] = list_word(0, MSG_ELEM_8, 480);
	memset(&w[2], 0, 480);
	r = reader_of(w, 62);
	unsigned reads = 0;
	s = msg_reader_root(&r);
	while (msg_struct_data(s, 0).len == 480)
		reads++;
	report(!msg_reader_ok(&r) && reads == 4, "a message can be visited four times, not five");
}

int main(void)
{
	sizes();
	lists();
	composites();
	texts();
	caps();
	depths();
	printf("1..%d\n", test_number);
	return failures != 0;
}
