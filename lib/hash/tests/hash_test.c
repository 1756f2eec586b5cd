// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * lib/hash against two independent implementations: the digest that Python's hashlib prints for "abc" (written down
 * here), and coreutils' `b2sum -l 256` over pseudo-random inputs of lengths around every block boundary.
 */
#include <hash/hash.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number;

static int report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	return good ? 0 : 1;
}

static void hex(char text[2 * HASH_BLAKE2B_SIZE + 1], const uint8_t digest[HASH_BLAKE2B_SIZE])
{
	for (int i = 0; i < HASH_BLAKE2B_SIZE; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
}

static bool digest_is(const void *data, size_t len, const char *expected)
{
	uint8_t digest[HASH_BLAKE2B_SIZE];
	char text[2 * HASH_BLAKE2B_SIZE + 1];

	hash_blake2b(digest, data, len);
	hex(text, digest);
	return strcmp(text, expected) == 0;
}

static bool b2sum_agrees(const uint8_t *data, size_t len)
{
	char name[] = "/tmp/capos-hash-XXXXXX", command[64], expected[2 * HASH_BLAKE2B_SIZE + 1] = "";
	int fd = mkstemp(name);
	FILE *file = fd < 0 ? nullptr : fdopen(fd, "w");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		return false;
	snprintf(command, sizeof(command), "b2sum -l 256 %s", name);
	FILE *pipe = popen(command, "r");
	bool read = pipe && fgets(expected, sizeof(expected), pipe);
	if (pipe)
		pclose(pipe);
	remove(name);
	return read && digest_is(data, len, expected);
}

/* Splitting the input anywhere gives the same digest. */
static bool pieces_agree(const uint8_t *data, size_t len)
{
	uint8_t whole[HASH_BLAKE2B_SIZE], pieces[HASH_BLAKE2B_SIZE];

	hash_blake2b(whole, data, len);
	for (size_t cut = 0; cut <= len; cut++) {
		struct hash_blake2b_state state;
		hash_blake2b_init(&state);
		hash_blake2b_update(&state, data, cut);
		hash_blake2b_update(&state, data + cut, len - cut);
		hash_blake2b_final(&state, pieces);
		if (memcmp(whole, pieces, sizeof(whole)) != 0)
			return false;
	}
	return true;
}

int main(void)
{
	static const size_t lengths[] = {0, 1, 127, 128, 129, 255, 256, 257, 511, 512, 513, 4096, 65537};
	static uint8_t data[65537];
	int failed = 0;
	uint32_t random = 1;
	bool good = true;

	for (size_t i = 0; i < sizeof(data); i++) {
		random = (uint32_t)(random * 1664525ull + 1013904223ull);
		data[i] = (uint8_t)(random >> 24);
	}
	puts("1..4");
	failed += report(
		digest_is("abc", 3, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
		"the digest of abc");
	failed += report(
		digest_is(nullptr, 0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
		"the digest of nothing");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		good = good && b2sum_agrees(data, lengths[i]);
	failed += report(good, "b2sum agrees at every block boundary");
	failed += report(pieces_agree(data, 600), "a hash in pieces equals the whole");
	return failed != 0;
}
