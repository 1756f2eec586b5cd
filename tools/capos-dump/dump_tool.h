// SPDX-License-Identifier: MIT OR Apache-2.0
/* capos-dump: see main.c. */
#pragma once

#include <abi/dump.h>
#include <registry/registry.h>
#include <stdio.h>

struct dump {
	const uint8_t *bytes; /* records, one behind the other */
	size_t len;
	bool ended; /* the line that ends a dump was there */
};

/* The last dump in the file. False, having said why: there is none. */
bool load_dump(struct dump *dump, const char *name);
/* The next record at *at, whole; its content is copied to `content`, of which what is missing is zero. False: no more. */
bool next_record(const struct dump *dump, size_t *at, uint16_t *kind, void *content, size_t room);
/* The registry inside a boot package. False: there is none. */
bool load_registry(struct registry *registry, const char *package);

void print_dump(const struct dump *dump, struct registry *registry, unsigned long events, FILE *out);
