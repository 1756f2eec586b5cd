// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A reference model of blobs and names (docs/guide/files.md), and random operations that are done to it and to the real thing side by
 * side: the core on the host, a service in the machine. There are a few blobs, whose bytes and links follow from their number, and a
 * few names; each generation that is kept is there as a whole.
 *
 * The real thing begins without blobs and without names; generations that it had before are left alone.
 */
#pragma once

#include <store/names.h>

#define STORE_MODEL_BLOBS 24u
#define STORE_MODEL_PLACES 48u
#define STORE_MODEL_BYTES 12000u /* of the largest blob */
#define STORE_MODEL_PIECE 4096u  /* the most that one look reads */
#define STORE_MODEL_LINKS 2u
#define STORE_MODEL_NAME 16u

struct store_model_put {
	const uint8_t *bytes;
	uint32_t count;
	uint32_t piece; /* 0: in one call */
	const uint8_t *links[STORE_MODEL_LINKS];
	uint32_t link_count;
	const uint8_t *expected; /* null: whatever it is */
	uint32_t holder;         /* below STORE_MODEL_BLOBS: to be held under that number */
	bool abandon;            /* given up before it is finished: DONE, and nothing is there */
};

struct store_model_binding {
	enum names_kind kind; /* NONE, VALUE, BLOB */
	uint64_t version, value;
	uint8_t id[BLOB_ID];
};

struct store_model_change {
	char name[STORE_MODEL_NAME];
	struct store_model_binding binding;
	enum names_check check;
	uint64_t version;
};

/* The real thing. Generation 0 is the present one. */
struct store_model_subject {
	enum files_outcome (*put)(void *context, const struct store_model_put *put, uint8_t id[BLOB_ID]);
	void (*drop)(void *context, uint32_t holder);
	enum files_outcome (*get)(void *context, const uint8_t *id, uint64_t offset, void *to, uint32_t count,
				  uint32_t *got);
	void (*collect)(void *context, uint64_t *blobs, uint64_t *bytes);
	void (*statistics)(void *context, uint64_t *blobs, uint64_t *bytes, uint64_t *bound);
	enum files_outcome (*update)(void *context, const struct store_model_change *changes, uint32_t count,
				     uint64_t expected, uint32_t *index);
	enum files_outcome (*rollback)(void *context, struct files_text prefix, uint64_t number);
	void (*generations)(void *context, uint64_t *present, uint64_t *oldest);
	enum files_outcome (*look)(void *context, uint64_t generation, struct files_text name,
				   struct store_model_binding *binding);
	/* The first name below prefix and behind prefix/after, without the prefix; *len 0: none. */
	enum files_outcome (*next)(void *context, uint64_t generation, struct files_text prefix,
				   struct files_text after, char *name, uint32_t *len);
	void *context;
};

struct store_model_bound {
	enum names_kind kind;
	uint32_t blob;
	uint64_t version, value;
};

struct store_model {
	const struct store_model_subject *subject;
	uint64_t random;
	bool may_fail;                    /* NO_SPACE is an answer, too: then nothing may have changed */
	const char *wrong;                /* what differed first; null: nothing */
	uint64_t done[FILES_DAMAGED + 1]; /* how often each outcome came */
	uint64_t collected;
	bool there[STORE_MODEL_BLOBS], held[STORE_MODEL_BLOBS];
	uint8_t ids[STORE_MODEL_BLOBS][BLOB_ID];
	uint64_t first, present; /* generations */
	struct store_model_bound kept[NAMES_HISTORY][STORE_MODEL_PLACES];
	uint8_t bytes[STORE_MODEL_BYTES], scratch[STORE_MODEL_PIECE];
};

void store_model_init(struct store_model *model, const struct store_model_subject *subject, uint64_t seed);
/* One random operation, on both. False: they differ, and model->wrong says in what. */
bool store_model_step(struct store_model *model);
/* Compares everything: blobs, statistics, all names of all kept generations. */
bool store_model_compare(struct store_model *model);
/* Unbinds all names, drops and collects what no kept generation names. */
bool store_model_clear(struct store_model *model);
