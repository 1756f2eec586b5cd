// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The main function of a generated test program. Messages are flat (one segment, no frame) unless it says otherwise.
 *
 *   random SEED FILE     a random Root to FILE
 *   plain SEED FILE      the same without control characters and long fractions
 *   dump FILE            as text; exit 3 if the reader refuses the message
 *   copy FILE OUT        through the accessors of every field
 *   frame FILE OUT       with the header of a single segment
 *   flatten FRAMED OUT   exit 3 if it is refused
 *   pack IN OUT, unpack IN OUT
 *   mutate SEED FILE OUT a few words of FILE changed
 */
#pragma once

enum { MAX_MESSAGE = 1 << 22 };

static size_t read_file(const char *path, void *to)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		exit(2);
	n = fread(to, 1, MAX_MESSAGE, f);
	fclose(f);
	return n;
}

static int write_file(const char *path, const void *from, size_t bytes)
{
	FILE *f = fopen(path, "wb");

	return !f || fwrite(from, 1, bytes, f) != bytes || fclose(f) != 0;
}

/* Its own block, of its exact size: the sanitizer sees the first byte beyond. */
static struct msg_reader open_message(const void *words, size_t bytes)
{
	static void *block;
	struct msg_reader r;

	free(block);
	block = malloc(bytes + 1);
	memcpy(block, words, bytes);
	msg_reader_init(&r, block, bytes);
	return r;
}

static void mutate(uint64_t *words, size_t count)
{
	for (unsigned n = 1 + pick(3); n > 0; n--) {
		uint64_t *w =
			&words[pick(3) ? pick((unsigned)(count < 16 ? count : 16)) : pick((unsigned)count)];

		switch (pick(6)) {
		case 0:
			*w = random_u64();
			break;
		case 1:
			*w ^= 1ull << pick(64);
			break;
		case 2:
			*w = (*w & ~0xfffffffcull) | ((uint64_t)(pick(64) - 32u) << 2 & 0xfffffffc);
			break;
		case 3:
			*w += (uint64_t)(pick(5) - 2u) << (pick(2) ? 32 : 35);
			break;
		case 4:
			*w = words[pick((unsigned)count)];
			break;
		default:
			*w = (*w & ~7ull << 32) | (uint64_t)pick(8) << 32;
			break;
		}
	}
}

int main(int argc, char **argv)
{
	static uint64_t in[MAX_MESSAGE / 8], out[MAX_MESSAGE / 8];
	struct msg_builder b;
	struct msg_reader r;
	size_t bytes, used;

	if (argc < 3)
		return 2;
	msg_builder_init(&b, out, sizeof(out));
	plain = strcmp(argv[1], "plain") == 0;
	if ((plain || strcmp(argv[1], "random") == 0) && argc == 4) {
		random_state = strtoull(argv[2], nullptr, 10) * 0x9e3779b97f4a7c15ull + 1;
		random_root(root_builder_root(&b), 0);
		return !msg_builder_ok(&b) || write_file(argv[3], out, msg_builder_size(&b));
	}
	bytes = read_file(argv[strcmp(argv[1], "mutate") == 0 ? 3 : 2], in);
	if (strcmp(argv[1], "dump") == 0) {
		r = open_message(in, bytes);
		dump_root(root_reader_root(&r));
		printf("\n");
		if (!msg_reader_ok(&r))
			return 3;
		r = open_message(in, bytes);
		root_check(root_reader_root(&r)); /* must find nothing, either */
		return msg_reader_ok(&r) ? 0 : 4;
	}
	if (strcmp(argv[1], "copy") == 0) {
		r = open_message(in, bytes);
		copy_root(root_reader_root(&r), root_builder_root(&b));
		return !msg_reader_ok(&r) || !msg_builder_ok(&b) ||
		       write_file(argv[3], out, msg_builder_size(&b));
	}
	if (strcmp(argv[1], "frame") == 0) {
		msg_frame_header(out, bytes);
		memcpy(out + 1, in, bytes);
		return write_file(argv[3], out, bytes + 8);
	}
	if (strcmp(argv[1], "flatten") == 0) {
		if (msg_frame_flatten(in, bytes, out, sizeof(out), 1 << 20, &used) != STATUS_OK)
			return 3;
		return write_file(argv[3], out, used);
	}
	if (strcmp(argv[1], "pack") == 0)
		return msg_pack(in, bytes, out, sizeof(out), &used) != STATUS_OK ||
		       write_file(argv[3], out, used);
	if (strcmp(argv[1], "unpack") == 0)
		return msg_unpack(in, bytes, out, sizeof(out), &used) != STATUS_OK ||
		       write_file(argv[3], out, used);
	if (strcmp(argv[1], "mutate") == 0) {
		random_state = strtoull(argv[2], nullptr, 10) * 0x9e3779b97f4a7c15ull + 1;
		mutate(in, bytes / 8);
		return write_file(argv[4], in, bytes);
	}
	return 2;
}
