// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A reference model of directories and files (docs/guide/files.md), and random operations that are done to it and to the real thing
 * side by side: the core on the host, a service in the machine. It is as simple as can be: an array of nodes, each with all of its
 * bytes.
 */
#pragma once

#include <files/tree.h>

#define MODEL_NODES 64u
#define MODEL_BYTES 12288u /* the largest file that operations make */
#define MODEL_PIECE 4096u  /* the most that one writes or reads */
#define MODEL_PATH 64u

struct model_node {
	bool used;
	enum files_kind kind;
	uint32_t parent; /* of 0, the root: itself */
	char name[8];
	uint32_t size;
	uint8_t bytes[MODEL_BYTES];
};

struct model_stat {
	enum files_kind kind;
	uint64_t size, entries;
};

/* The real thing. Paths are from its root. */
struct model_subject {
	enum files_outcome (*make)(void *context, struct files_text path, enum files_kind kind);
	enum files_outcome (*remove)(void *context, struct files_text path);
	enum files_outcome (*rename)(void *context, struct files_text from, struct files_text to,
				     bool replace);
	enum files_outcome (*write)(void *context, struct files_text path, uint64_t offset, const void *bytes,
				    uint32_t count);
	enum files_outcome (*append)(void *context, struct files_text path, const void *bytes, uint32_t count,
				     uint64_t *offset);
	enum files_outcome (*truncate)(void *context, struct files_text path, uint64_t size);
	enum files_outcome (*read)(void *context, struct files_text path, uint64_t offset, void *bytes,
				   uint32_t count, uint32_t *got);
	enum files_outcome (*stat)(void *context, struct files_text path, struct model_stat *stat);
	/* The first name of a directory behind `after`; name has room for 256 bytes; *len 0: none. */
	enum files_outcome (*next)(void *context, struct files_text path, struct files_text after, char *name,
				   uint32_t *len);
	void *context;
};

struct model {
	const struct model_subject *subject;
	uint64_t random;
	bool may_fail;                    /* NO_SPACE is an answer, too: then nothing may have changed */
	uint64_t done[FILES_DAMAGED + 1]; /* how often each outcome came */
	const char *wrong;                /* what differed first; null: nothing */
	struct model_node nodes[MODEL_NODES];
	uint8_t scratch[MODEL_PIECE];
};

void model_init(struct model *model, const struct model_subject *subject, uint64_t seed);
/* One random operation, on both. False: they differ, and model->wrong says in what. */
bool model_step(struct model *model);
/* Compares everything: all names, sizes, bytes. */
bool model_compare(struct model *model);
/* Removes everything, from both. */
bool model_clear(struct model *model);
