// SPDX-License-Identifier: MIT OR Apache-2.0
/* Files and names at the prompt: files.c (directories, files, the commands), watch.c, put.c, names.c (namespaces). */
#pragma once

#include <schema/service/directory.capnp.h>
#include <schema/service/file.capnp.h>

#include "prompt.h"

/* NAME/PATH: a capability that is held here, and what is behind the first "/". */
struct place {
	cap_id cap;
	uint64_t interface_id; /* Directory, Namespace, or (without a path) File */
	struct msg_text path;
	struct shell_word name; /* of the capability */
};

/* False: shell_fail was called; also of all others. */
bool place_of(struct shell_word word, struct place *place);
/* path.c: struct shell_host.path */
bool path_open(void *self, struct shell_word word, struct shell_value *value);
bool settle(enum status status, enum file_outcome outcome);
/* put.c: the file gets this text, or, if that fails, stays as it was. */
bool put_at_path(const struct place *place, struct msg_text text);
bool put_in_file(cap_id file, struct msg_text text);
/* Text and UTF-8 as they are, control characters as dots. */
void put_printable(const uint8_t *bytes, uint32_t count);
bool is_printable(uint8_t byte);

/* ---- names.c ---- */
bool names_list(const struct place *place);
bool names_show(const struct place *place);
bool names_bind(const struct place *place, struct msg_text text); /* to a value without a type */
bool names_unbind(const struct place *place);
/* What the name is bound to: a namespace, or bytes; or the names below it as a namespace. */
bool names_value(const struct place *place, struct shell_value *value);

/* ---- complete_path.c ---- */
struct shell_completion;
/* The cursor is in a path of a command that takes one. False: it is not, or nothing is there. */
bool complete_path(const char *line, uint32_t cursor, struct shell_completion *completion);

command_fn command_ls, command_tree, command_du, command_cat, command_get, command_put, command_mkdir,
	command_rm, command_mv, command_diff, command_watch;
