// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to tools/flame. */
#pragma once

#include <stdint.h>
#include <stdio.h>

struct node {
	char *name;
	uint64_t count;               /* samples in it and below */
	struct node *children, *next; /* by name */
};

/* The tree of all profiles in a text; lines that are none are skipped. */
struct node *stacks_read(FILE *in);
void stacks_print(const struct node *root, FILE *out);

/* False: cannot be read. */
bool symbols_package(const char *path);
bool symbols_directory(const char *path);
bool symbols_alias(const char *pair); /* "PROCESS=PROGRAM"; kept */
/*
 * The name of the function at pcs[at], of a program whose whole stack this is: the last one's return address tells where it was loaded.
 * Without symbols, or if the stack was cut short, the address.
 */
const char *symbols_function(const char *program, const uint64_t *pcs, unsigned count, unsigned at);
const char *symbols_operation(uint64_t interface_id, unsigned method);

void svg_print(const struct node *root, FILE *out);
