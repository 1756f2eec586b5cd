/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Admission's arithmetic with the real 32-bit indexes, wrapped or not, and any index that user space may have written:
 * room() never gives more than was asked for, nor more than there are completion slots (Q1).
 *
 * Assumed: the private fields are sane (a power of two is not needed); cq_tail and cq_head_k at most cq_count apart.
 *
 * shipped: kernel/ring/dispatch.h has_room room
 * shipped: kernel/ring/complete.c ring_unreaped
 *
 * mutant: has_room s/ \+ ring->pending//
 * mutant: room s/ \|\| unreaped \+ ring->pending > ring->cq_count//
 */
#include "shim.h"
#include "bits.h"

struct cap_region {
	uint32_t cq_head;
};
struct ring {
	struct cap_region *control;
	uint32_t cq_count, cq_tail, cq_head, pending;
};

/*@ logic integer distance(uint32_t a, uint32_t b) = (uint32_t)(a - b); */

/*@ requires \valid(ring) && \valid(ring->control) && \separated(ring, ring->control) && ring->cq_count <= 1024;
  @ assigns ring->cq_head;
  @ ensures refused: \result == 0xffffffff || \result <= ring->cq_count;
  @ ensures kept: \result <= ring->cq_count ==> ring->cq_head == ring->control->cq_head &&
  @   \result == distance(ring->cq_tail, ring->cq_head);
  @*/
uint32_t ring_unreaped(struct ring *ring);
#include "ring_unreaped.h"

/*@ requires \valid_read(ring);
  @ requires ring->cq_count <= 1024 && ring->pending <= ring->cq_count && count <= 1024;
  @ requires distance(ring->cq_tail, ring->cq_head) <= 2 * ring->cq_count;
  @ assigns \nothing;
  @ ensures \result != 0 <==> distance(ring->cq_tail, ring->cq_head) + ring->pending + count <= ring->cq_count;
  @*/
static inline bool has_room(const struct ring *ring, uint32_t count);
#include "has_room.h"

/*@ requires \valid(ring) && \valid(ring->control) && \separated(ring, ring->control);
  @ requires ring->cq_count <= 1024 && ring->pending <= ring->cq_count && count <= 1024;
  @ requires distance(ring->cq_tail, ring->cq_head) <= 2 * ring->cq_count;
  @ assigns ring->cq_head;
  @ ensures asked: \result == 0xffffffff || \result <= count;
  @ ensures Q1: \result != 0xffffffff ==>
  @   distance(ring->cq_tail, ring->cq_head) + ring->pending + \result <= ring->cq_count;
  @*/
static inline uint32_t room(struct ring *ring, uint32_t count);
#include "room.h"
