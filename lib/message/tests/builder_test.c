// SPDX-License-Identifier: MIT OR Apache-2.0
/* The builder: running out of room at every word, copies, upgrades of structs and lists from other versions, frames. */
#include <message/frame.h>
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

/* A root of 2 data words and 4 pointers: text, list of structs, list of numbers, struct. */
static bool build(struct msg_builder *b)
{
	struct msg_struct_builder root = msg_builder_root(b, 2, 4);

	msg_struct_set_u64(root, 0, 1234567890123ull);
	msg_struct_set_bool(root, 64, true);
	msg_set_text(msg_struct_slot(root, 16), MSG_TEXT("a text of some length"));
	struct msg_list_builder structs = msg_init_struct_list(msg_struct_slot(root, 24), 1, 1, 3);
	for (uint32_t i = 0; i < 3; i++) {
		msg_struct_set_u32(msg_list_struct_at(structs, i), 0, i + 1);
		msg_set_data(msg_struct_slot(msg_list_struct_at(structs, i), 8),
			     (struct msg_data){(const uint8_t *)"abc", i});
	}
	struct msg_list_builder numbers = msg_init_list(msg_struct_slot(root, 32), MSG_ELEM_16, 5);
	for (uint32_t i = 0; i < 5; i++)
		msg_list_set_u16(numbers, i, (uint16_t)(i * 1000));
	struct msg_struct_builder child = msg_init_struct(msg_struct_slot(root, 40), 1, 0);
	msg_struct_set_u64(child, 0, 99);
	return msg_builder_ok(b);
}

static bool is_built(struct msg_reader *r)
{
	struct msg_struct s = msg_reader_root(r);
	struct msg_list structs = msg_struct_list(s, 1, MSG_ELEM_COMPOSITE),
			numbers = msg_struct_list(s, 2, MSG_ELEM_16);
	bool good = msg_struct_u64(s, 0) == 1234567890123ull && msg_struct_bool(s, 64) &&
		    !msg_struct_bool(s, 65);

	good &= msg_text_equal(msg_struct_text(s, 0), MSG_TEXT("a text of some length"));
	good &= structs.count == 3 && numbers.count == 5 && msg_list_u16(numbers, 4) == 4000;
	for (uint32_t i = 0; i < structs.count; i++) {
		good &= msg_struct_u32(msg_list_struct(structs, i), 0) == i + 1;
		good &= msg_struct_data(msg_list_struct(structs, i), 0).len == i;
	}
	good &= msg_struct_u64(msg_struct_struct(s, 3), 0) == 99;
	return good && msg_reader_ok(r);
}

static void room(void)
{
	uint64_t words[64];
	struct msg_builder b;
	struct msg_reader r;

	memset(words, 0xee, sizeof(words));
	msg_builder_init(&b, words, sizeof(words));
	report(build(&b), "a message is built over garbage");
	size_t full = msg_builder_size(&b);
	msg_reader_init(&r, words, full);
	report(is_built(&r), "and reads as it was built");

	bool good = true;
	for (size_t bytes = 0; bytes < full; bytes++) {
		uint8_t *block = malloc(bytes + 1);

		msg_builder_init(&b, block, bytes);
		good &= !build(&b) && msg_builder_size(&b) <= bytes;
		if (msg_builder_size(&b)) { /* what there is, is well-formed */
			uint64_t copy[64];
			struct msg_builder c;

			msg_reader_init(&r, block, msg_builder_size(&b));
			msg_builder_init(&c, copy, sizeof(copy));
			msg_set_pointer(msg_builder_root_pointer(&c), msg_reader_root_pointer(&r));
			good &= msg_reader_ok(&r);
		}
		free(block);
	}
	report(good, "it fails in every smaller buffer, and leaves a well-formed message");

	uint8_t *exact = malloc(full);
	msg_builder_init(&b, exact, full);
	report(build(&b), "it fits exactly");
	free(exact);

	msg_builder_init(&b, words, sizeof(words));
	(void)msg_init_list(msg_builder_root_pointer(&b), MSG_ELEM_VOID, UINT32_MAX);
	report(!msg_builder_ok(&b), "a list longer than a pointer can say");
	msg_builder_init(&b, words, sizeof(words));
	(void)msg_init_text(msg_builder_root_pointer(&b), UINT32_MAX);
	report(!msg_builder_ok(&b), "a text longer than a pointer can say");
	msg_builder_init(&b, words, sizeof(words));
	(void)msg_init_struct_list(msg_builder_root_pointer(&b), 0xffff, 0xffff, 0xffffffff);
	report(!msg_builder_ok(&b), "a list of structs beyond 32 bits");
}

static void copies(void)
{
	uint64_t words[64], copy[64];
	struct msg_builder b, c;
	struct msg_reader r;

	msg_builder_init(&b, words, sizeof(words));
	(void)build(&b);
	msg_reader_init(&r, words, msg_builder_size(&b));
	msg_builder_init(&c, copy, sizeof(copy));
	msg_set_pointer(msg_builder_root_pointer(&c), msg_reader_root_pointer(&r));
	msg_reader_init(&r, copy, msg_builder_size(&c));
	report(msg_builder_ok(&c) && is_built(&r), "a deep copy reads the same");

	/* An older, smaller struct is copied in, then changed by newer code. */
	msg_builder_init(&b, words, sizeof(words));
	struct msg_pointer_builder root = msg_builder_root_pointer(&b);
	struct msg_struct_builder old = msg_init_struct(root, 1, 1);
	msg_struct_set_u64(old, 0, 7);
	msg_set_text(msg_struct_slot(old, 8), MSG_TEXT("kept"));
	struct msg_struct_builder grown = msg_get_struct(root, 2, 2, nullptr);
	msg_struct_set_u64(grown, 8, 8);
	msg_reader_init(&r, words, msg_builder_size(&b));
	struct msg_struct s = msg_reader_root(&r);
	report(msg_struct_u64(s, 0) == 7 && msg_struct_u64(s, 8) == 8 &&
		       msg_text_equal(msg_struct_text(s, 0), MSG_TEXT("kept")) && msg_reader_ok(&r),
	       "a smaller struct grows when newer code changes it");

	msg_builder_init(&b, words, sizeof(words));
	root = msg_builder_root_pointer(&b);
	struct msg_list_builder list = msg_init_struct_list(root, 2, 1, 2);
	for (uint32_t i = 0; i < 2; i++) {
		msg_struct_set_u64(msg_list_struct_at(list, i), 0, i + 10);
		msg_set_text(msg_struct_slot(msg_list_struct_at(list, i), 16), MSG_TEXT("t"));
	}
	struct msg_list_builder cut = msg_get_struct_list(root, 1, 2);
	msg_set_text(msg_struct_slot(msg_list_struct_at(cut, 1), 16), MSG_TEXT("u"));
	msg_reader_init(&r, words, msg_builder_size(&b));
	struct msg_list l = msg_read_list(msg_reader_root_pointer(&r), MSG_ELEM_COMPOSITE);
	s = msg_list_struct(l, 1);
	report(l.count == 2 && msg_struct_u64(s, 0) == 11 &&
		       msg_text_equal(msg_struct_text(s, 0), MSG_TEXT("t")) &&
		       msg_text_equal(msg_struct_text(s, 1), MSG_TEXT("u")) && msg_reader_ok(&r),
	       "a list of structs of another version is brought to ours");

	/* Bits beyond the count do not travel. */
	uint64_t bits[3] = {(uint64_t)1 << 48, 1 | (uint64_t)MSG_ELEM_BIT << 32 | 3ull << 35, ~0ull};
	msg_reader_init(&r, bits, sizeof(bits));
	msg_builder_init(&b, words, sizeof(words));
	msg_set_pointer(msg_builder_root_pointer(&b), msg_reader_root_pointer(&r));
	report(words[2] == 7, "a copied list of bits ends where it ends");
}

/* Two segments: the root struct's text lies in the second, by a far pointer; and again by a double one. */
static void frames(void)
{
	uint64_t framed[16] = {
		1 | 2ull << 32,
		2, /* two segments: 2 and 2 words */
		(uint64_t)1 << 48,
		2 | 0 << 3 | 1ull << 32, /* root: one pointer; far, segment 1, word 0 */
		1 | 2ull << 32 | 3ull << 35,
		0x6968, /* landing pad: list of 3 bytes right behind; "hi" */
	};
	uint64_t flat[16];
	struct msg_reader r;
	size_t used;

	report(msg_frame_flatten(framed, 48, flat, sizeof(flat), 100, &used) == STATUS_OK && used == 24,
	       "two segments become one");
	msg_reader_init(&r, flat, used);
	report(msg_text_equal(msg_struct_text(msg_reader_root(&r), 0), MSG_TEXT("hi")),
	       "with the text of the second");
	report(msg_frame_flatten(framed, 47, flat, sizeof(flat), 100, &used) == STATUS_BAD_MESSAGE,
	       "a frame cut short");
	report(msg_frame_flatten(framed, 48, flat, 16, 100, &used) == STATUS_TOO_LARGE,
	       "no room for the copy");
	report(msg_frame_flatten(framed, 48, flat, sizeof(flat), 1, &used) == STATUS_BAD_MESSAGE,
	       "no budget for the copy");
	framed[3] = 2 | 5 << 3 | 1ull << 32;
	report(msg_frame_flatten(framed, 48, flat, sizeof(flat), 100, &used) == STATUS_BAD_MESSAGE,
	       "a landing pad beyond its segment");
	framed[3] = 2 | 0 << 3 | 2ull << 32;
	report(msg_frame_flatten(framed, 48, flat, sizeof(flat), 100, &used) == STATUS_BAD_MESSAGE,
	       "a segment that is none");

	uint64_t two[16] = {
		2 | 2ull << 32,
		2 | 1ull << 32, /* three segments: 2, 2, 1 */
		(uint64_t)1 << 48,
		2 | 4 | 0 << 3 | 1ull << 32, /* double far: pad at segment 1 */
		2 | 0 << 3 | 2ull << 32,
		1 | 2ull << 32 | 3ull << 35, /* content at segment 2; tag */
		0x6968,
	};
	report(msg_frame_flatten(two, 56, flat, sizeof(flat), 100, &used) == STATUS_OK,
	       "a double far pointer");
	msg_reader_init(&r, flat, used);
	report(msg_text_equal(msg_struct_text(msg_reader_root(&r), 0), MSG_TEXT("hi")), "leads to its text");

	uint64_t length;
	uint32_t many[2] = {511, 0};
	report(msg_frame_length(many, 8, &length) == STATUS_BAD_MESSAGE, "512 segments are too many");
	many[0] = UINT32_MAX;
	report(msg_frame_length(many, 8, &length) == STATUS_BAD_MESSAGE,
	       "the count is compared before 1 is added");
	many[0] = 510;
	report(msg_frame_length(many, 8, &length) == STATUS_AGAIN && length == 2048,
	       "511 are not; more bytes are needed");
}

static void packing(void)
{
	uint8_t plain[8 * 300], packed[8 * 400], back[8 * 300];
	bool good = true;

	srand(1);
	for (unsigned round = 0; round < 2000; round++) {
		size_t words = (size_t)rand() % 300, used, again;
		unsigned density = (unsigned)rand() % 5;

		for (size_t i = 0; i < words * 8; i++)
			plain[i] = (unsigned)rand() % 4 < density ? (uint8_t)rand() : 0;
		good &= msg_pack(plain, words * 8, packed, msg_pack_bound(words * 8), &used) == STATUS_OK;
		good &= msg_unpack(packed, used, back, words * 8, &again) == STATUS_OK && again == words * 8;
		good &= memcmp(plain, back, words * 8) == 0;
		if (words)
			good &= msg_unpack(packed, used, back, words * 8 - 8, &again) == STATUS_TOO_LARGE;
	}
	report(good, "what is packed unpacks to the same, in just the room that it needs");

	static const uint8_t cases[][4] = {{0x01}, {0x00}, {0xff, 1, 2, 3}, {0x80}};
	static const uint8_t lengths[] = {1, 1, 4, 1};
	size_t used;
	for (unsigned i = 0; i < 4; i++)
		good &= msg_unpack(cases[i], lengths[i], back, sizeof(back), &used) == STATUS_BAD_MESSAGE;
	report(good, "packed input that ends within a word");
	static const uint8_t bomb[] = {0, 255, 0, 255, 0, 255};
	report(msg_unpack(bomb, sizeof(bomb), back, 1024, &used) == STATUS_TOO_LARGE,
	       "packed input larger than its bound");
}

int main(void)
{
	room();
	copies();
	frames();
	packing();
	printf("1..%d\n", test_number);
	return failures != 0;
}
