// SPDX-License-Identifier: MIT OR Apache-2.0
/* A small boot package, well-formed: one program and one file of data. What tests and the fuzzer damage. */
#pragma once

#include <abi/package.h>
#include <hash/hash.h>
#include <schema/service/package.capnp.h>
#include <spawn/package.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, SIZE = 4 * PAGE, PROGRAM_AT = 2 * PAGE, DATA_AT = 3 * PAGE };

static uint8_t *package_bytes; /* a block of exactly SIZE bytes */
static void put(size_t at, uint64_t value, size_t bytes)
{
	memcpy(package_bytes + at, &value, bytes);
}

/* The smallest program that the reader accepts: one segment, nothing but headers and a few bytes of text. */
static void put_program(void)
{
	static const uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memcpy(package_bytes + PROGRAM_AT, ident, sizeof(ident));
	put(PROGRAM_AT + 16, 3, 2);
	put(PROGRAM_AT + 18, 62, 2);
	put(PROGRAM_AT + 20, 1, 4);
	put(PROGRAM_AT + 24, 0x80, 8);
	put(PROGRAM_AT + 32, 64, 8);
	put(PROGRAM_AT + 54, 56, 2);
	put(PROGRAM_AT + 56, 1, 2);
	put(PROGRAM_AT + 64, 1, 4);
	put(PROGRAM_AT + 68, 5, 4);
	put(PROGRAM_AT + 96, 0x100, 8);
	put(PROGRAM_AT + 104, 0x100, 8);
}

static void put_file(struct package_index_file_builder f, struct msg_text name, enum package_index_kind kind,
		     uint64_t at, uint64_t size)
{
	uint8_t hash[HASH_BLAKE2B_SIZE] = {};

	if (at < SIZE && size <= SIZE - at)
		hash_blake2b(hash, package_bytes + at, size);
	package_index_file_builder_set_name(f, name);
	package_index_file_builder_set_kind(f, kind);
	package_index_file_builder_set_offset(f, at);
	package_index_file_builder_set_size(f, size);
	package_index_file_builder_set_hash(f, (struct msg_data){hash, sizeof(hash)});
}

static void put_header(size_t index_len)
{
	struct cap_package_header header = {
		.magic = CAP_PACKAGE_MAGIC,
		.version = CAP_PACKAGE_VERSION,
		.header_size = sizeof(header),
		.total_size = SIZE,
		.index_off = PAGE,
		.index_len = index_len,
	};

	hash_blake2b(header.index_hash, package_bytes + PAGE, index_len);
	memcpy(package_bytes, &header, sizeof(header));
}

/* Files: "prog"; "data", whose place is the caller's to choose. */
static void make_package(uint64_t data_at, uint64_t data_size)
{
	struct msg_builder b;

	memset(package_bytes, 0, SIZE);
	put_program();
	memcpy(package_bytes + DATA_AT, "some data", 9);
	msg_builder_init(&b, package_bytes + PAGE, PAGE);

	struct package_index_file_list_builder files = package_index_builder_init_files(
		package_index_builder_root(&b), 2);

	put_file(package_index_file_list_builder_at(files, 0), MSG_TEXT("prog"), PACKAGE_INDEX_KIND_PROGRAM,
		 PROGRAM_AT, 0x100);
	put_file(package_index_file_list_builder_at(files, 1), MSG_TEXT("data"), PACKAGE_INDEX_KIND_DATA,
		 data_at, data_size);
	put_header(msg_builder_size(&b));
}
