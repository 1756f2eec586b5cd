// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Answers: calls that later submissions of the same ring may name, as target or among their arguments.
 *
 * A record holds the call's outcome and the ids of the capabilities that came, privately. The message stays in the
 * user's buffer; a path through it is walked word by word, each read once, and can only select one of the record's own
 * capabilities: a forged message selects nothing that its holder lacks. What names an answer before it came is promise.c.
 */
#include "answer.h"
#include "ops.h"

#include <core/log.h>
#include <mm/frame.h>
#include <mm/slab.h>

struct answers {
	struct answer record[CAP_ANSWER_RECORDS];
};

struct answer *answer_find(struct ring *ring, uint64_t sequence)
{
	if (ring->answers == NULL)
		return NULL;
	for (unsigned i = 0; i < CAP_ANSWER_RECORDS; i++) {
		struct answer *answer = &ring->answers->record[i];
		if (answer->state != ANSWER_FREE && answer->sequence == sequence && !answer->released)
			return answer;
	}
	return NULL;
}

enum status answer_begin(struct ring *ring, struct request *request)
{
	if (ring->answers == NULL && (ring->answers = heap_alloc(sizeof(struct answers))) == NULL)
		return STATUS_NO_MEMORY;
	for (unsigned i = 0; i < CAP_ANSWER_RECORDS; i++) {
		struct answer *answer = &ring->answers->record[i];
		if (answer->state == ANSWER_FREE) {
			answer->sequence = request->sequence;
			answer->state = ANSWER_WAITING;
			answer->released = answer->drop_caps = false;
			answer->caps = 0;
			request->answer = answer;
			request->extras |= REQUEST_KEPT;
			return STATUS_OK;
		}
	}
	return STATUS_AGAIN;
}

/* Nobody names it, and nobody will. */
static void free_if_unused(struct ring *ring, struct answer *answer)
{
	struct cap_table *table = &ring_thread(ring)->process->table;

	if (answer->state != ANSWER_DONE || !answer->released || answer->dependants != 0)
		return;
	for (unsigned i = 0; answer->drop_caps && i < answer->caps; i++)
		if (cap_table_release(table, answer->ids[i]) != STATUS_OK)
			continue; /* released or moved since: nothing left to drop */
	answer->state = ANSWER_FREE;
}

void answer_finish(struct request *request)
{
	struct ring *ring = request->ring;
	struct answer *answer = request->answer;

	answer->status = request->result.status;
	answer->buf_off = request->sqe.buf_off;
	answer->len = request->result.len;
	answer->caps = (uint8_t)request->result.caps;
	answer->state = ANSWER_DONE;
	if (answer->dependants != 0)
		(void)atomic_or(&ring->signals, (uint32_t)RING_READY);
	free_if_unused(ring, answer);
}

void answer_depend(struct answer *answer)
{
	answer->dependants++;
}

void answer_undepend(struct ring *ring, struct answer *answer)
{
	answer->dependants--;
	free_if_unused(ring, answer);
}

enum status op_release_answer(struct thread *thread, struct request *request)
{
	struct answer *answer = answer_find(&thread->ring, request->sqe.target);

	if (answer == NULL)
		return STATUS_BAD_ID;
	answer->released = true;
	answer->drop_caps = request->sqe.flags & CAP_SQE_RELEASE_CAPS;
	free_if_unused(&thread->ring, answer);
	return STATUS_OK;
}

/* One word of the message, or 0 (a null pointer) outside it. */
static uint64_t message_word(const struct ring *ring, const struct answer *answer, uint64_t index)
{
	if (index >= answer->len / 8)
		return 0;
	return load_relaxed((const uint64_t *)(const void *)(ring->arena + answer->buf_off + index * 8));
}

/* Cap'n Proto encoding, "Pointers": struct pointer = {2 bits 0, 30 bits signed offset, 16 data words, 16 pointers};
 * capability pointer = {2 bits 3, 30 bits 0, 32 bits index}. */
static int64_t walk(const struct ring *ring, const struct answer *answer, uint32_t path)
{
	uint64_t at = 0; /* word index of the pointer looked at */
	uint64_t pointer = message_word(ring, answer, at);

	for (unsigned step = 0; step < 4; step++, path >>= 8) {
		uint32_t field = path & 0xff;
		if (field == 0xff)
			break;
		if ((pointer & 3) != 0 || pointer == 0 || field >= pointer >> 48)
			return -1;
		int64_t offset = (int32_t)(uint32_t)pointer >> 2;
		int64_t target = (int64_t)at + 1 + offset + (int64_t)(pointer >> 32 & 0xffff) + field;
		if (target < 0 || target >= answer->len / 8)
			return -1;
		at = (uint64_t)target;
		pointer = message_word(ring, answer, at);
	}
	return (uint32_t)pointer == 3 ? (int64_t)(pointer >> 32) : -1;
}

enum status answer_inherit(struct ring *ring, struct request *request, const struct answer *answer)
{
	if (answer->status == STATUS_EXCEPTION && request->sqe.op == CAP_OP_CALL) {
		kassert(answer->len <= CAP_MIN_RESULT_BUF); /* as every exception, whoever raised it */
		copy_words(ring->arena + request->sqe.buf_off, ring->arena + answer->buf_off,
			   answer->len / 8);
		request->result.len = answer->len;
	}
	return (enum status)answer->status;
}

enum status answer_at(const struct ring *ring, const struct answer *answer, uint32_t path, cap_id *id)
{
	if (answer->status != STATUS_OK)
		return (enum status)answer->status;
	int64_t index = walk(ring, answer, path);
	if (index < 0 || index >= answer->caps)
		return STATUS_BAD_ID;
	*id = answer->ids[(uint64_t)index & (CAP_MESSAGE_MAX_CAPS - 1)];
	return STATUS_OK;
}

enum status answer_resolve(struct thread *thread, struct request *request, uint64_t sequence, uint32_t path,
			   cap_id *id)
{
	struct ring *ring = &thread->ring;
	struct answer *answer = answer_find(ring, sequence);

	if (answer == NULL)
		return STATUS_BAD_ID;
	if (answer->state == ANSWER_WAITING)
		return OP_UNRESOLVED;
	if (answer->status != STATUS_OK)
		return answer_inherit(ring, request, answer);
	return answer_at(ring, answer, path, id);
}

void answers_free(struct ring *ring)
{
	if (ring->answers != NULL)
		heap_free(ring->answers, sizeof(struct answers));
	ring->answers = NULL;
}
