// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Private to the ring room: what an entry with several submissions completes for one other ring.
 *
 * While cpu->batch is set, the ring that was claimed last to complete something in it stays claimed (cpu->held). So eight calls to a
 * server, or a server's eight answers, are eight completions and one look at whether they end its cap_enter; and no call of the batch
 * finds its receiver awake, and has to queue, because an earlier one woke it.
 *
 * - Everybody else finds the ring claimed, as while another CPU completes something: they leave a signal, and batch_release looks.
 * - The requests that become free lie in the order in which they were completed: a program that does the same again gives each of them
 *   the words that it had (struct request_memory).
 * - A batch ends with the loop that began it, before its thread blocks or returns. Nothing waits for a claim.
 */
#pragma once

#include "complete.h"

#include <ring/facet.h>

static inline void batch_begin(struct cpu *cpu)
{
	cpu->batch = BATCH_EMPTY;
}

/* For an entry that is no batch: nothing is held. */
static inline bool batch_claim(const struct cpu *cpu, struct ring *ring)
{
	return likely(cpu->held == ring) || ring_claim_blocked(ring);
}

/* The held ring is given back, its thread woken if it has enough. */
void batch_release(struct cpu *cpu);
/* A ring that was just claimed is held from now on. */
void batch_hold(struct cpu *cpu, struct ring *ring);

/* As ring_finish_blocked, of the held ring. */
[[gnu::always_inline]] static inline void batch_finish_held(struct cpu *cpu, struct ring *ring,
							    struct request *request, struct completion result)
{
	uint32_t tail = ring->cq_tail;
	uint64_t *cqe = (uint64_t *)(void *)&ring->cq[tail & ring->cq_mask];
	struct request **at = cpu->held_at;

	cqe[0] = request->sqe.user_data;
	cqe[1] = (uint32_t)result.status | (uint64_t)result.len << 32;
	cqe[2] = result.caps | (uint64_t)result.flags << 16;
	cqe[3] = result.token;
	count_own(&ring->cq_tail, 1);
	ring->pending--;
	store_relaxed(&request->claim, load_relaxed(&request->claim) & ~3ull); /* REQUEST_FREE */
	request->next = *at;
	*at = request;
	cpu->held_at = &request->next;
}

/* The same of one that was just claimed, or is held. */
[[gnu::always_inline]] static inline void batch_finish(struct cpu *cpu, struct ring *ring,
						       struct request *request, struct completion result)
{
	if (unlikely(cpu->held != ring))
		batch_hold(cpu, ring);
	batch_finish_held(cpu, ring, request, result);
}

/* complete.c: it left something. */
void batch_end_left(struct cpu *cpu);

static inline void batch_end(struct cpu *cpu)
{
	if (cpu->batch != BATCH_EMPTY)
		batch_end_left(cpu);
	else
		cpu->batch = BATCH_NONE;
}
