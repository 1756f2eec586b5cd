// SPDX-License-Identifier: MIT OR Apache-2.0
/* Headers and ranges of shared buffers: every corner of every number that comes from outside. */
#include <shared_buffer/shared_buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static const uint64_t corners[] = {0,
				   1,
				   7,
				   8,
				   9,
				   63,
				   64,
				   65,
				   4095,
				   4096,
				   4097,
				   8191,
				   8192,
				   8193,
				   INT32_MAX,
				   UINT32_MAX,
				   1ull << 32,
				   (1ull << 32) + 8,
				   INT64_MAX,
				   UINT64_MAX - 4096,
				   UINT64_MAX - 1,
				   UINT64_MAX};
#define CORNERS (sizeof(corners) / sizeof(corners[0]))

static const struct shared_buffer_header good_header = {
	.magic = SHARED_BUFFER_MAGIC, .version = SHARED_BUFFER_VERSION, .slot_bytes = 64, .slots = 64};

static void test_headers(void)
{
	struct shared_buffer_header h = good_header;
	bool good = true;

	report(shared_buffer_header_ok(&h, 8192) && !shared_buffer_header_ok(&h, 8191) &&
		       !shared_buffer_header_ok(&h, 0),
	       "slots must fit into the memory");
	for (size_t bit = 0; bit < sizeof(h) * 8; bit++) {
		h = good_header;
		((uint8_t *)&h)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		bool ok = shared_buffer_header_ok(&h, 8192);

		good &= !ok || (h.slot_bytes % 8 == 0 && h.slot_bytes && h.slots &&
				(uint64_t)h.slot_bytes * h.slots <= 4096 && h.magic == SHARED_BUFFER_MAGIC &&
				h.version == SHARED_BUFFER_VERSION && h.zero == 0);
	}
	report(good, "a flipped bit is noticed, or harmless");
	good = true;
	for (size_t i = 0; i < CORNERS; i++) {
		for (size_t j = 0; j < CORNERS; j++) {
			for (size_t k = 0; k < CORNERS; k++) {
				h = good_header;
				h.slot_bytes = (uint32_t)corners[i];
				h.slots = (uint32_t)corners[j];
				bool fits = corners[k] >= 4096 && h.slot_bytes != 0 && h.slots != 0 &&
					    h.slot_bytes % 8 == 0 &&
					    (unsigned __int128)h.slot_bytes * h.slots + 4096 <= corners[k];

				good &= shared_buffer_header_ok(&h, corners[k]) == fits;
			}
		}
	}
	report(good, "every corner of slot size, slots and memory size");
}

static void test_ranges(void)
{
	struct shared_buffer b = {
		.data = malloc(4096), .slot_bytes = 64, .slots = 64, .access = SHARED_BUFFER_WRITE};
	uint8_t *bytes = malloc(8193);
	bool good = true;

	memset(b.data, 1, 4096);
	for (size_t i = 0; i < CORNERS; i++) {
		for (size_t j = 0; j < CORNERS; j++) {
			bool inside = (unsigned __int128)corners[i] + corners[j] <= 4096;

			good &= (shared_buffer_range(&b, corners[i], corners[j]) != nullptr) == inside;
			good &= shared_buffer_copy_out(&b, corners[i], bytes, corners[j]) == inside;
			if (!inside || corners[j] <= 8193)
				good &= shared_buffer_copy_in(&b, corners[i], bytes, corners[j]) == inside;
			for (size_t k = 0; k < CORNERS; k++) {
				uint32_t slot = (uint32_t)corners[i], offset = (uint32_t)corners[j],
					 length = (uint32_t)corners[k];
				uint8_t *p = shared_buffer_slot(&b, slot, offset, length);

				good &= (p != nullptr) == (slot < 64 && (uint64_t)offset + length <= 64);
				good &= !p || p == b.data + slot * 64 + offset;
			}
		}
	}
	report(good, "every corner of offsets and lengths");
	b.access = SHARED_BUFFER_READ;
	report(!shared_buffer_copy_in(&b, 0, bytes, 1) && shared_buffer_copy_out(&b, 0, bytes, 1),
	       "a reader copies out only");
	free(b.data);
	b = (struct shared_buffer){};
	shared_buffer_detach(&b);
	report(!shared_buffer_slot(&b, 0, 0, 0) && !shared_buffer_range(&b, 0, 1),
	       "a buffer that is none has no bytes");
	free(bytes);
}

int main(void)
{
	test_headers();
	test_ranges();
	printf("1..%d\n", test_number);
	return failures != 0;
}
