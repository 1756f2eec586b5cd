// SPDX-License-Identifier: MIT OR Apache-2.0
/* The schema registry: sources.c keeps registries in memory of its own, main.c answers calls. */
#pragma once

#include <abi/cap.h>
#include <registry/set.h>
#include <spawn/package.h>

#define MAX_NAME 63u
#define MAX_SOURCE (1u << 20)

struct source {
	char name[MAX_NAME + 1];
	uint32_t name_len;
	cap_id memory;    /* its bytes, ours */
	uint64_t address; /* where they are mapped */
	uint64_t length, mapped;
	uint64_t key;     /* of its registration; 0: the boot package's */
	uint64_t session; /* of who added it */
	uint64_t mints;
};

extern struct registry_set set;
extern struct source sources[REGISTRY_SET_MAX];

/* The boot package's registry as source 0. */
enum status sources_start(void);
/* A copy of [offset, offset + length) of memory. Errors: NO_SLOT (too many), BAD_MESSAGE (no registry), and the calls'. */
enum status source_add(struct msg_text name, cap_id memory, uint64_t offset, uint64_t length,
		       uint32_t *number);
void source_remove(uint32_t number);
/* May this session add one more? Nobody gets all places: as pool/shares.h has it. */
bool source_is_left_for(uint64_t session);
