// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: the record of a kept answer (answer.c), for those that name it. */
#pragma once

#include <abi/cap.h>
#include <abi/ring.h>
#include <ring/ring.h>

struct request;

enum answer_state : uint8_t { ANSWER_FREE, ANSWER_WAITING, ANSWER_DONE };

/* Owner of the ring only, but for `ids`, which whoever has claimed the call fills. */
struct answer {
	uint64_t sequence;
	enum answer_state state;
	bool released;  /* has no name any more; goes when it is done and nobody depends on it */
	bool drop_caps; /* and takes along the capabilities that came */
	uint8_t caps;
	int32_t status;
	uint32_t buf_off, len;
	uint32_t dependants; /* sources of held requests (promise.c) */
	cap_id ids[CAP_MESSAGE_MAX_CAPS];
};

/* The answer that has the name, or NULL. */
struct answer *answer_find(struct ring *ring, uint64_t sequence);
/* The id at `path` of an answer that is done; its failure otherwise. BAD_ID. */
enum status answer_at(const struct ring *ring, const struct answer *answer, uint32_t path, cap_id *id);
/* The dependant of a failed call fails the same way: an exception goes into its buffer. */
enum status answer_inherit(struct ring *ring, struct request *request, const struct answer *answer);
/* Another source depends on it, or one less. */
void answer_depend(struct answer *answer);
void answer_undepend(struct ring *ring, struct answer *answer);
