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
	count_own(&ring->cq_tail, 1);
}

/* A submission, which may change at any time. */
static inline const volatile uint64_t *sq_entry(const struct ring *ring, uint64_t sequence)
{
	return (const volatile uint64_t *)(const volatile void *)&ring
		->sq[(uint32_t)sequence & ring->sq_mask];
}

/* ---- Operations on one thing ---- */

/* Each word of the submission `from` is read once. Those that an operation does not use must be zero: words 4 to 6, and what it says. */
static inline bool quick_is_plain(const volatile uint64_t *from, uint64_t others)
{
	return likely((others | from[4] | from[5] | from[6]) == 0);
}

static inline void quick_record(const struct thread *thread, unsigned op, uint64_t target, uint64_t object_id,
				enum status status)
{
	recorder_write(0, object_id, thread->sched.ids, (uint32_t)target | (uint64_t)(uint32_t)status << 32,
		       recorder_pack((uint16_t)op, RECORDER_OTHER, 0, 0));
}

/* submit.c: its completion, and its event, which there is none of a BAD_OP. */
void quick_refused(struct thread *thread, const volatile uint64_t *from, unsigned op, uint64_t target,
		   enum status status);

static inline void quick_dup(struct thread *thread, const volatile uint64_t *from)
{
	uint64_t target = from[1];
	struct cap_copy copy = {STATUS_BAD_OP, 0};

	if (quick_is_plain(from, from[2] | from[7]))
		copy = cap_table_dup_here(&thread->process->table, (cap_id){target}, thread->process->pid,
					  false);
	if (unlikely(copy.id <= 0)) {
		quick_refused(thread, from, CAP_OP_DUP, target, (enum status)copy.id);
		return;
	}
	quick_record(thread, CAP_OP_DUP, target, copy.object_id, STATUS_OK);
	quick_post(&thread->ring, from[3], STATUS_OK, (uint64_t)copy.id);
}

static inline void quick_release(struct thread *thread, const volatile uint64_t *from)
{
	uint64_t target = from[1];
	enum status status = STATUS_BAD_OP;

	if (quick_is_plain(from, from[2] | from[7]))
		status = cap_table_release_here(&thread->process->table, (cap_id){target}, false);
	if (likely(status == STATUS_OK))
		quick_record(thread, CAP_OP_RELEASE, target, 0, STATUS_OK);
	else
		quick_refused(thread, from, CAP_OP_RELEASE, target, status);
}

/* ---- A call by id whose target is remembered ---- */

static inline bool call_target_is(const struct call_target *target, uint64_t word,
				  const volatile uint64_t *from)
{
	return target->word == word && likely(target->id == from[1]) &&
	       likely(target->interface_id == from[2]) &&
	       likely(target->removals == load_acquire(target->count));
}

/* The one that the words name, or NULL. */
static inline struct call_target *call_target_find(struct ring *ring, uint64_t word,
						   const volatile uint64_t *from)
{
#pragma clang loop unroll(full)
	for (unsigned i = 0; i < RING_TARGETS; i++)
		if (call_target_is(&ring->memory.targets[i], word, from))
			return &ring->memory.targets[i];
	return NULL;
}

/* A call is a request, to go on the general way: each word is read once, for whatever was read of it before means nothing then. But
 * `word`, and what `target`, unless that is NULL, was found by. */
static inline void quick_call_to_request(struct ring *ring, const volatile uint64_t *from, uint64_t word,
					 const struct call_target *target)
{
	struct request *request = ring->free;

	request->sequence = ring->sq_head - 1;
	request->memory.removals = REQUEST_FORGOTTEN;
	request->words[0] = word;
	request->words[1] = target != NULL ? target->id : from[1];
	request->words[2] = target != NULL ? target->interface_id : from[2];
#pragma clang loop unroll(full)
	for (unsigned i = 3; i < 8; i++)
		store_relaxed(&request->words[i], from[i]); /* a late deadline may look at it */
	request->result = (struct completion){0};
}

/* Words 4 and 5 of a submission: offset and length are read once, apart. */
static inline struct quick_range quick_range(const volatile uint64_t *word)
{
	const volatile uint32_t *halves = (const volatile uint32_t *)(const volatile void *)word;

	return (struct quick_range){halves[0], halves[1]};
}

/* The number of capabilities in word 6. */
static inline uint32_t quick_high(const volatile uint64_t *word)
{
	return ((const volatile uint32_t *)(const volatile void *)word)[1];
}

static inline struct quick_range quick_range_of(uint64_t word)
{
	return (struct quick_range){(uint32_t)word, (uint32_t)(word >> 32)};
}

static inline uint64_t quick_range_word(struct quick_range range)
{
	return range.offset | (uint64_t)range.len << 32;
}

/* Message and buffer lie in the arena. */
static inline bool quick_ranges_ok(const struct ring *ring, struct quick_range message,
				   struct quick_range buffer)
{
	uint64_t arena = ring->arena_len;

	return likely(((message.offset | message.len | buffer.offset | buffer.len) & 7) == 0) &&
	       likely((uint64_t)message.offset + message.len <= arena) &&
	       likely((uint64_t)buffer.offset + buffer.len <= arena) &&
	       likely(buffer.len >= CAP_MIN_RESULT_BUF);
}

/* A message of `words`, copied once, as the parameters. At most CAP_MAX_KERNEL_MESSAGE. */
void quick_take_words(const struct ring *ring, struct cpu *cpu, struct quick_range message);

static inline void quick_take_message(const struct ring *ring, struct cpu *cpu, struct quick_range message)
{
	if (unlikely(message.len != 8))
		quick_take_words(ring, cpu, message);
	else
		cpu->scratch_in[0] = load_shared_word(
			(const uint64_t *)(const void *)(ring->arena + message.offset));
}

/* It failed, or waits: what is left to do, with its status. */
void quick_call_failed(struct thread *thread, const struct call_target *target, enum status status);
/* A result of other than two words. False: it does not fit. */
bool quick_give_words(const struct ring *ring, const struct cpu *cpu, struct quick_range buffer,
		      uint32_t words);

static inline void quick_record_call(const struct thread *thread, const struct call_target *target,
				     uint32_t msg_len, enum status status)
{
	recorder_write(target->interface_id, target->object_id, thread->sched.ids,
		       (uint32_t)target->id | (uint64_t)(uint32_t)status << 32,
		       target->event | (uint64_t)msg_len << 32);
}

/* Runs the kernel object's method. No capabilities move, and the message is at most CAP_MAX_KERNEL_MESSAGE. */
[[gnu::always_inline]] static inline void quick_call(struct thread *thread, const struct call_target *target,
						     const volatile uint64_t *from,
						     struct quick_range message, struct quick_range buffer)
{
	struct ring *ring = &thread->ring;
	struct cpu *cpu = this_cpu();
	struct kcall *kcall = cpu->kcall;

	/* If it is to wait, or fails. */
	kcall->from = from;
	kcall->message = message;
	kcall->buffer = buffer;
	quick_take_message(ring, cpu, message);
	kcall->thread = thread;
	kcall->target = target;

	enum status status = target->method(target->self, &kcall->rpc, (const uint8_t *)cpu->scratch_in,
					    message.len);
	uint32_t words = kcall->rpc.results.words;

	if (unlikely(status != STATUS_OK)) {
		quick_call_failed(thread, target, status);
		return;
	}
	if (likely(words == 2)) { /* which any buffer has room for */
		static_assert(CAP_MIN_RESULT_BUF >= 16);
		uint64_t *to = (uint64_t *)(void *)(ring->arena + buffer.offset);
		store_shared_word(&to[0], cpu->scratch_out[0]);
		store_shared_word(&to[1], cpu->scratch_out[1]);
	} else if (unlikely(!quick_give_words(ring, cpu, buffer, words))) {
		quick_call_failed(thread, target, STATUS_OK);
		return;
	}
	quick_record_call(thread, target, message.len, STATUS_OK);
	quick_post(ring, from[3], (uint64_t)words << 35, 0);
}

/* submit.c: a call that is more than a kernel object's method without capabilities, or, NULL, not one that can be remembered. */
ARCH_PRESERVES_NONE void dispatch_call_slowly(struct thread *thread, const volatile uint64_t *from,
					      uint64_t word, const struct call_target *target);
/* A call to the last target, with a message of any length. */
ARCH_PRESERVES_NONE void dispatch_quick_words(struct thread *thread, const volatile uint64_t *from,
					      uint64_t message);

/* A call to `target`, which is the one that the words name, and the ring's last. Its message was read. */
[[gnu::always_inline]] static inline void dispatch_quick_message(struct thread *thread,
								 const volatile uint64_t *from,
								 const struct call_target *target,
								 struct quick_range message)
{
	struct ring *ring = &thread->ring;
	struct quick_range buffer = quick_range(&from[5]);

	if (unlikely(!quick_ranges_ok(ring, message, buffer)) || unlikely(!ring_session_is_alive(ring)))
		dispatch_call_slowly(thread, from, target->word, NULL);
	else if (unlikely(quick_high(&from[6]) != 0) || unlikely(message.len > CAP_MAX_KERNEL_MESSAGE))
		dispatch_call_slowly(thread, from, target->word, target);
	else
		quick_call(thread, target, from, message, buffer);
}

/* As part of a batch: calls without parameters, whose message is one word, are in line. */
[[gnu::always_inline]] static inline void dispatch_quick_call(struct thread *thread,
							      const volatile uint64_t *from,
							      const struct call_target *target)
{
	struct quick_range message = quick_range(&from[4]);

	if (likely(message.len == 8))
		dispatch_quick_message(thread, from, target, (struct quick_range){message.offset, 8});
	else
		dispatch_quick_words(thread, from, quick_range_word(message));
}
