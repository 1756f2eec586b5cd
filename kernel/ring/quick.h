// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: operations that end where they begin, as part of the submission loop.
 *
 * A NOP, a duplicate, a release, and a call by id to a kernel object that moves no capabilities (things.h: SIGNAL, WAIT and WAKE): the
 * words of the submission are read once, into registers, and the completion is written from registers.
 * The same operations with flags, answers, gates or waiting go the general way (submit.c, and each operation's own file).
 */
#pragma once

#include "complete.h"
#include "ops.h"

#include <cap/table_line.h>
#include <core/recorder.h>
#include <mm/frame.h>
#include <ring/kcall.h>

/* A completion without capabilities; submit() publishes it, with all others of the entry. */
static inline void quick_post(struct ring *ring, uint64_t user_data, uint64_t status_len, uint64_t token)
{
	uint64_t *cqe = (uint64_t *)(void *)&ring->cq[ring->cq_tail & ring->cq_mask];

	cqe[0] = user_data;
	cqe[1] = status_len;
	cqe[2] = 0;
	cqe[3] = token;
	ring->cq_tail++;
}

/* ---- Operations on one thing ---- */

/* The words that such an operation may use, each read once; `rest` and, as the operation says, others must be zero. */
struct quick_sqe {
	uint64_t target, bits, user_data, deadline, rest;
};

static inline struct quick_sqe quick_read(const volatile uint64_t *from)
{
	return (struct quick_sqe){from[1], from[2], from[3], from[7], from[4] | from[5] | from[6]};
}

/* Makes it a request, to go on the general way. */
static inline void quick_to_request(struct ring *ring, uint64_t op, const struct quick_sqe *sqe)
{
	struct request *request = ring->free;

	request->sequence = ring->sq_head - 1;
	request->words[0] = op;
	request->words[1] = sqe->target;
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[2] = sqe->bits;
	request->words[3] = sqe->user_data;
	request->words[4] = request->words[5] = request->words[6] = 0;
	store_relaxed(&request->words[7], sqe->deadline);
	request->result = (struct completion){0};
}

static inline void quick_record(const struct thread *thread, unsigned op, uint64_t target, uint64_t object_id,
				enum status status)
{
	(void)recorder_write(0, object_id, thread->sched.ids,
			     (uint32_t)target | (uint64_t)(uint32_t)status << 32,
			     recorder_pack((uint16_t)op, RECORDER_OTHER, 0, 0));
}

static inline enum status quick_dup(struct thread *thread, uint64_t target, uint64_t *token)
{
	struct cap_copy copy = cap_table_dup_here(&thread->process->table, (cap_id){target},
						  thread->process->pid);
	enum status status = likely(copy.id > 0) ? STATUS_OK : (enum status)copy.id;

	*token = likely(copy.id > 0) ? (uint64_t)copy.id : 0;
	quick_record(thread, CAP_OP_DUP, target, copy.object_id, status);
	return status;
}

static inline enum status quick_release(struct thread *thread, uint64_t target)
{
	enum status status = cap_table_release_here(&thread->process->table, (cap_id){target});

	quick_record(thread, CAP_OP_RELEASE, target, 0, status);
	return status;
}

/* ---- A call by id whose target is remembered ---- */

/* Where it may be. Neighbouring ids, methods and processes have places of their own. */
static inline struct call_target *call_target_slot(struct kcall *kcall, const struct process *process,
						   uint64_t word, uint64_t id)
{
	return &kcall->targets[((uint32_t)id + (uint32_t)(word >> 16) + process->pid) % KCALL_TARGETS];
}

static inline bool quick_target_is(const struct call_target *target, struct process *process, uint64_t word,
				   uint64_t id, uint64_t interface_id)
{
	return likely(target->word == word) && likely(target->id == id) &&
	       likely(target->interface_id == interface_id) && likely(target->pid == process->pid) &&
	       likely(cap_table_still(&process->table, (cap_id){id}));
}

/* The words of a call that decide where it goes, each read once. The others are read where it goes: into a request. */
struct quick_call {
	uint64_t word, id, interface_id, message, buffer, caps;
};

/* A call is a request, to go on the general way. */
static inline void quick_call_to_request(struct ring *ring, const volatile uint64_t *from,
					 struct quick_call call)
{
	struct request *request = ring->free;

	request->sequence = ring->sq_head - 1;
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = call.word;
	request->words[1] = call.id;
	request->words[2] = call.interface_id;
	request->words[3] = from[3];
	request->words[4] = call.message;
	request->words[5] = call.buffer;
	request->words[6] = call.caps;
	store_relaxed(&request->words[7], from[7]); /* a late deadline may look at it */
	request->result = (struct completion){0};
}

#define QUICK_ALIGNED 0x0000000700000007ull /* in {offset, length} */

/* Message and buffer lie in the arena. */
static inline bool quick_ranges_ok(const struct ring *ring, uint64_t message, uint64_t buffer)
{
	uint64_t arena = ring->arena_len;

	return likely(((message | buffer) & QUICK_ALIGNED) == 0) &&
	       likely((uint32_t)message + (message >> 32) <= arena) &&
	       likely((uint32_t)buffer + (buffer >> 32) <= arena) &&
	       likely(buffer >> 32 >= CAP_MIN_RESULT_BUF);
}

/* A message of `words`, copied once, as the parameters. At most CAP_MAX_KERNEL_MESSAGE. */
void quick_take_words(const struct ring *ring, struct cpu *cpu, uint64_t message);

static inline void quick_take_message(const struct ring *ring, struct cpu *cpu, uint64_t message)
{
	struct msg_reader *params = &cpu->kcall->rpc.params;

	if (unlikely((uint32_t)(message >> 32) != 8)) {
		quick_take_words(ring, cpu, message);
		return;
	}
	cpu->scratch_in[0] = *(const uint64_t *)(const void *)(ring->arena + (uint32_t)message);
	params->words = 1;
	params->budget = MSG_TRAVERSAL;
	params->malformed = false;
}

/* It failed, or waits: what is left to do, with its status. */
void quick_call_failed(struct thread *thread, const struct call_target *target, enum status status);

static inline void quick_record_call(const struct thread *thread, const struct call_target *target,
				     uint64_t message, enum status status)
{
	(void)recorder_write(target->interface_id, target->object_id, thread->sched.ids,
			     (uint32_t)target->id | (uint64_t)(uint32_t)status << 32,
			     target->event | (message & ~0xffffffffull));
}

/* Runs the kernel object's method. No capabilities move, and the message is at most CAP_MAX_KERNEL_MESSAGE. */
static inline void quick_call(struct thread *thread, const struct call_target *target,
			      const volatile uint64_t *from, uint64_t message, uint64_t buffer)
{
	struct ring *ring = &thread->ring;
	struct cpu *cpu = this_cpu();
	struct kcall *kcall = cpu->kcall;

	/* If it is to wait, or fails. */
	uint64_t user_data = kcall->user_data = from[3];
	kcall->message = message;
	kcall->buffer = buffer;
	kcall->deadline = from[7];
	quick_take_message(ring, cpu, message);
	kcall->thread = thread;
	kcall->target = target;

	enum status status = target->method(target->self, &kcall->rpc);
	uint32_t words = kcall->rpc.results.words;

	if (unlikely(status != STATUS_OK) || unlikely(words > buffer >> 35)) {
		quick_call_failed(thread, target, status);
		return;
	}
	uint64_t *to = (uint64_t *)(void *)(ring->arena + (uint32_t)buffer);
	to[0] = cpu->scratch_out[0];
	if (likely(words == 2))
		to[1] = cpu->scratch_out[1];
	else
		copy_words(to + 1, &cpu->scratch_out[1], words - 1);
	quick_record_call(thread, target, message, STATUS_OK);
	quick_post(ring, user_data, (uint64_t)words << 35, 0);
}
