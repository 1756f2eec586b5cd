// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What may stand where the cursor is: names of capabilities and variables, commands, programs, methods, fields, parameters
 * and enumerants, as the line before the cursor and the registry say. Pure: nothing is called.
 */
#pragma once

#include <registry/registry.h>
#include <shell/value.h>

#define SHELL_CANDIDATES 48u
#define SHELL_CANDIDATE_BYTES 40u

enum shell_candidate_kind : uint8_t {
	SHELL_CANDIDATE_COMMAND,
	SHELL_CANDIDATE_NAME,
	SHELL_CANDIDATE_METHOD,
	SHELL_CANDIDATE_FIELD,
	SHELL_CANDIDATE_PARAMETER,
	SHELL_CANDIDATE_ENUMERANT,
	SHELL_CANDIDATE_PROGRAM,
	SHELL_CANDIDATE_FILE,
	SHELL_CANDIDATE_TYPE,
};

struct shell_candidate {
	char text[SHELL_CANDIDATE_BYTES];
	enum shell_candidate_kind kind;
	char after; /* what comes behind it: '.', ' ', '=', '"'; 0: nothing that is certain */
};

struct shell_completion {
	uint32_t from;       /* the byte of the line where what they replace begins */
	uint32_t count;      /* those in candidate, in alphabetical order */
	uint32_t total;      /* all that there are */
	uint32_t common_len; /* bytes that all of them begin with */
	struct shell_candidate candidate[SHELL_CANDIDATES];
};

/* Where names come from; each by index, false beyond the last. What a shell does not have is null. */
struct shell_completer {
	struct registry *registry;
	void *self;
	/* interface_id 0: no capability. */
	bool (*variable)(void *self, uint32_t index, struct shell_word *name, uint64_t *interface_id);
	/* The methods that this capability may call: bits. */
	uint64_t (*methods)(void *self, struct shell_word name);
	bool (*command)(void *self, uint32_t index, struct shell_word *name);
	bool (*topic)(void *self, uint32_t index, struct shell_word *name);
	bool (*program)(void *self, uint32_t index, struct shell_word *name);
	bool (*file)(void *self, uint32_t index, struct shell_word *name);
};

void shell_complete(const struct shell_completer *completer, const char *line, uint32_t len, uint32_t cursor,
		    struct shell_completion *out);
