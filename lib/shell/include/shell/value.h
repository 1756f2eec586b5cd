// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Values as a person writes them, before anybody knows of which type they must be.
 *
 *   12  -3  2e9  0x1f  1.5          numbers; 2e9 is an integer, because it is one exactly
 *   "text\n"                        text, with the escapes of Cap'n Proto
 *   0x"01 ff"                       data, as Cap'n Proto writes it
 *   true  false  void               
 *   name                            a capability, or an enumerant, as the parameter's type says
 *   [a, b]   (x = 1, y = 2)         lists, and structs (or the one named member of a union)
 *
 * They live in a pool of fixed size and point to each other by index; positions are bytes of the line, for
 * errors.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum shell_value_kind : uint8_t {
	SHELL_INTEGER,
	SHELL_REAL,
	SHELL_TEXT,
	SHELL_DATA,
	SHELL_BOOL,
	SHELL_VOID,
	SHELL_NAME,
	SHELL_LIST,
	SHELL_STRUCT,
};

#define SHELL_MAX_VALUES 96u
#define SHELL_MAX_BYTES 1024u /* of all texts and data of a statement */
#define SHELL_MAX_DEPTH 12u
#define SHELL_NONE 0xffffu

/* A piece of the line, or of the pool's bytes. */
struct shell_word {
	const char *ptr;
	uint32_t len;
	uint32_t at; /* where it begins in the line */
};

struct shell_value {
	enum shell_value_kind kind;
	bool negative;          /* INTEGER */
	bool truth;             /* BOOL */
	uint16_t next;          /* the next of its list, SHELL_NONE: the last */
	uint16_t first, count;  /* LIST, STRUCT: members */
	struct shell_word name; /* name = value: the name; otherwise len 0 */
	struct shell_word word; /* the value as written; TEXT and DATA: its bytes */
	union {
		uint64_t magnitude; /* INTEGER */
		double real;        /* REAL */
	};
};

struct shell_values {
	struct shell_value value[SHELL_MAX_VALUES];
	uint16_t count;
	char bytes[SHELL_MAX_BYTES];
	uint32_t used;
};

/* What is wrong with a line, and where. */
struct shell_error {
	uint32_t at;
	char text[160];
};

static inline bool shell_word_is(struct shell_word word, const char *text)
{
	return word.len == __builtin_strlen(text) && __builtin_memcmp(word.ptr, text, word.len) == 0;
}

static inline bool shell_words_equal(struct shell_word a, struct shell_word b)
{
	return a.len == b.len && __builtin_memcmp(a.ptr, b.ptr, a.len) == 0;
}
