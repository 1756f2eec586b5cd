// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the generators share: names in C, the files being written, and what one file of declarations is made into.
 *
 * Strings from names.c live until the program ends.
 */
#pragma once

#include <stdio.h>

#include "schema.h"

struct gen {
	const struct schema *schema;
	struct node file;
	FILE *out;
	unsigned interfaces; /* in the file */
};

[[gnu::format(printf, 2, 3)]] void emit(struct gen *g, const char *format, ...);

/* ---- names.c ---- */
[[gnu::format(printf, 1, 2)]] const char *string(const char *format, ...);
const char *text_string(struct msg_text t);
const char *snake(struct msg_text camel);    /* createMemory -> create_memory, DMAPool -> dma_pool */
const char *upper(const char *snake_name);   /* create_memory -> CREATE_MEMORY */
const char *node_name(struct node n);        /* VirtualMemory.map$Params -> virtual_memory_map_params */
const char *node_schema_name(struct node n); /* the same as in the schema: VirtualMemory.map$Params */
const char *identifier(const char *name);    /* with _ behind it if it is a keyword of C */
const char *c_quote(struct msg_text t);      /* as a C string literal */
const char *scalar_type(struct gen *g, struct type t);
/* A doc comment as a C comment, each line behind `indent`; nothing if it is empty. */
void emit_comment(struct gen *g, struct msg_text doc, const char *indent);

/* ---- The parts of X.capnp.h and X.capnp.c, for a node of the file ---- */
void emit_types(struct gen *g, struct node n);    /* types.c: wrappers, sizes, enums, ids */
void emit_reader(struct gen *g, struct node n);   /* reader.c */
void emit_builder(struct gen *g, struct node n);  /* builder.c */
void emit_constant(struct gen *g, struct node n); /* value.c */
void emit_client(struct gen *g, struct node n);   /* client.c */
void emit_server(struct gen *g, struct node n);   /* server.c: declarations, for the header */
void emit_dispatch(struct gen *g, struct node n); /* server.c: definitions */
void emit_check(struct gen *g, struct node n);    /* check.c: definition */
bool has_check(struct gen *g, struct node n);     /* has the struct pointers that can be checked? */

/* ---- value.c ---- */
/* The words of a pointer's default value or of a constant, as a comma-separated list. */
const char *pointer_words(struct msg_pointer p);
/* The name of the default of a pointer field; null if it has none. */
const char *field_default_name(const char *prefix, struct field f);

/* ---- Other outputs ---- */
void write_header(struct gen *g, const char *path);
void write_source(struct gen *g, const char *path);
void write_docs(struct gen *g); /* docs.c: docs/reference/NAME.md for each interface of the file */
void check_docs(struct gen *g); /* docs.c: ends the program if a method has no doc comment */
void write_registry(const struct schema *s); /* registry.c: the merged registry data, to standard output */
void write_exercise(const struct schema *s); /* exercise.c: a test program, to standard output */
FILE *open_output(const char *path);         /* makes directories on the way */

/* A field's name in C; three names are taken by functions that every struct has. */
const char *field_c_name(struct field f);
