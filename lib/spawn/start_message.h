// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Writing a child's start message (schema/service/start.capnp) before any of its capabilities exists.
 */
#pragma once

#include <spawn/layout.h>
#include <spawn/spawn.h>

/* What of the message depends on where the program is loaded, to be set when that is known. */
struct start_builder {
	struct msg_builder message;
	struct msg_struct_builder root;
};

/* own_ids: the grants are capabilities of this process, which keeps them (spawn_replace). Errors: INVALID when grants or parameters are beyond their bounds, TOO_LARGE when the message is. */
enum status spawn_build_start(struct start_builder *b, void *buffer, size_t size,
			      const struct spawn_request *request, bool own_ids);
void spawn_finish_start(struct start_builder *b, const struct layout *l, uint64_t seed);
