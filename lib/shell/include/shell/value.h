// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Values of the shell: what a person writes, what calls return and what variables hold, in one shape.
 *
 *   12  -3  2e9  0x1f  4Ki  1.5      numbers; 2e9 is an integer, because it is one exactly
 *   5s  20ms  3us  7ns  2min         durations: integers, in nanoseconds
 *   "text\n"                         text, with the escapes of Cap'n Proto
 *   0x"01 ff"  b64"Af8="             data
 *   true  false  void
 *   name                             an enumerant, where an enum is wanted
 *   [a, b]   (x = 1, y = 2)          lists, and structs (or the one named member of a union)
 *
 * - A value knows no Cap'n Proto type; the encoder gives it one, by the parameter that it is for.
 * - Values are trees in an arena and are never changed. Whoever must keep one copies it (shell_value_copy).
 * - Positions are bytes of the source, for errors.
 */
#pragma once

#include <abi/cap.h>
#include <stddef.h>
#include <stdint.h>

enum shell_value_kind : uint8_t {
	SHELL_VOID,
	SHELL_BOOL,
	SHELL_INTEGER,
	SHELL_REAL,
	SHELL_TEXT,
	SHELL_DATA,
	SHELL_NAME,      /* a bare word of the source: a variable or an enumerant, as the place wants */
	SHELL_ENUMERANT, /* by its name */
	SHELL_LIST,
	SHELL_STRUCT,
	SHELL_CAPABILITY,
	SHELL_OWN_SPACE, /* in grants: the new program's own VirtualMemory */
};

#define SHELL_MAX_DEPTH 16u /* of nested values, and of nested expressions and blocks */

/* A piece of the source, or of an arena. */
struct shell_word {
	const char *ptr;
	uint32_t len;
	uint32_t at; /* where it begins in the source */
};

struct shell_value {
	enum shell_value_kind kind;
	bool negative;          /* INTEGER */
	bool truth;             /* BOOL */
	bool results;           /* STRUCT: what a method returned; a single member stands for the whole */
	uint32_t count;         /* LIST, STRUCT: members */
	struct shell_word name; /* of a member; otherwise len 0 */
	struct shell_word word; /* as written, if it was; TEXT, DATA, NAME, ENUMERANT: its bytes */
	union {
		uint64_t magnitude; /* INTEGER */
		double real;        /* REAL */
		cap_id cap;         /* CAPABILITY; null: none */
	};
	uint64_t interface_id;           /* CAPABILITY */
	const struct shell_value *first; /* LIST, STRUCT */
	const struct shell_value *next;  /* the next member of what it is in */
};

/* Memory of one user, given out in order and given back by going back to a mark. */
struct shell_arena {
	uint8_t *base;
	uint32_t size, used;
};

/* Zeroed, aligned to 8; null when there is no room. */
void *shell_arena_alloc(struct shell_arena *arena, uint32_t bytes);
/* A copy of the bytes; len 0 gives an address all the same. Null: no room. */
char *shell_arena_bytes(struct shell_arena *arena, const void *bytes, uint32_t len);

/* What is wrong, and where in the source. */
struct shell_error {
	uint32_t at;
	bool incomplete; /* the source ends too early: another line may complete it */
	char text[176];
};

static inline bool shell_word_is(struct shell_word word, const char *text)
{
	return word.len == __builtin_strlen(text) && __builtin_memcmp(word.ptr, text, word.len) == 0;
}

static inline bool shell_words_equal(struct shell_word a, struct shell_word b)
{
	return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ---- value.c ---- */

/* The member of that name; null: there is none. */
const struct shell_value *shell_member(const struct shell_value *value, struct shell_word name);
/* Results with one member are that member wherever a plain value is wanted. */
const struct shell_value *shell_plain(const struct shell_value *value);
/* A whole copy that refers to nothing outside the arena. Null: no room, or nested too deeply. */
struct shell_value *shell_value_copy(struct shell_arena *arena, const struct shell_value *value);
/* What a copy takes at most; UINT32_MAX: too much. */
uint32_t shell_value_size(const struct shell_value *value);
/* Numbers by value, texts and names by their bytes, lists and structs member by member, capabilities by id. */
bool shell_values_equal(const struct shell_value *a, const struct shell_value *b);
/* Calls `each` for every capability in it, however deep. */
void shell_value_caps(const struct shell_value *value, void (*each)(void *self, cap_id id), void *self);

static inline double shell_real(const struct shell_value *v)
{
	if (v->kind == SHELL_REAL)
		return v->real;
	return v->negative ? -(double)v->magnitude : (double)v->magnitude;
}
