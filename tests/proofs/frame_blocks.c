/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The buddy allocator's blocks (F1 of kernel/mm/frame.c): freeing and taking one, with all that is merged and split on the way, keeps the map
 * of free blocks sound: in range, aligned, disjoint; and a block that is given out is in range, aligned, of that size, and apart
 * from all that is free.
 *
 * Assumed: one CPU (frames_lock); what list_take takes off a list is linked there as lists are (`admit`; frame_check looks at
 * that in tests, and list_push and list_take are proved to change nothing else); __builtin_ctzll counts zeros.
 *
 * slow: over a minute
 * shipped: kernel/mm/include/mm/frame.h FRAME_MAX_ORDER frame
 * shipped: kernel/mm/frame_blocks.h block_buddy block_joined block_upper block_order
 * shipped: kernel/mm/frame.c ORDERS NONE frame_state list_push list_take free_block alloc_block
 * options: -c11
 *
 * mutant: block_buddy s/index \^/index +/
 * mutant: block_joined s/~\(1u/(1u/
 * mutant: block_order s/> end/> end + 1/
 * mutant: free_block s/buddy >= frame_limit \|\| //
 * mutant: free_block s/frame_records\[buddy\]\.order != order/false/
 * mutant: free_block s/list_take\(buddy, order\);//
 * mutant: alloc_block s/block_upper\(index, from\)/index/
 * mutant: alloc_block s/while \(from > order\)/while (from > order + 1)/
 * mutant: list_push s/f->order = \(uint16_t\)order;//
 *
 * loop: block_order 1
 *   loop invariant order <= 10 && aligned(index, order);
 *   loop invariant \forall integer k; order < k <= 10 && aligned(index, k) ==> index + frames(k) > end;
 *   loop assigns order;
 *   loop variant order;
 * loop: free_block 1
 *   loop invariant place: order <= 10 && aligned(index, order) && index + frames(order) <= frame_limit;
 *   loop invariant used: frame_records[index].state != FRAME_FREE;
 *   loop invariant clear: clear(index, order);
 *   loop invariant sound: sound;
 *   loop invariant apart: apart;
 *   loop invariant heads: heads;
 *   loop assigns order, index, lists[0 .. 10], frame_records[0 .. frame_limit - 1];
 *   loop variant 10 - order;
 * before: free_block list_take(buddy, order);
 *   assert both: buddy + frames(order) <= frame_limit && aligned(buddy, order) && clear(index, order);
 *   assert apart: \forall integer j; is_free(j) && j != buddy ==> j + frames(frame_records[j].order) <= buddy || buddy + frames(order) <= j;
 * before: free_block index = block_joined(index, order);
 *   assert still: sound;
 *   assert still: apart;
 *   assert still: heads;
 *   assert gone: frame_records[buddy].state != FRAME_FREE;
 *   assert clear: clear(index, order);
 *   assert behind: clear(buddy, order);
 *   assert around: \forall integer j; is_free(j) ==>
 *     j + frames(frame_records[j].order) <= index && j + frames(frame_records[j].order) <= buddy ||
 *     index + frames(order) <= j && buddy + frames(order) <= j;
 *   assert twice: frames(order + 1) == 2 * frames(order);
 * before: free_block }
 *   assert where: index == \at(index, LoopCurrent) && buddy == index + frames(order) ||
 *     index == buddy && \at(index, LoopCurrent) == index + frames(order);
 *   assert whole: clear(index, order + 1);
 * loop: alloc_block 1
 *   loop invariant order <= from <= 11 && \forall integer k; order <= k < from ==> lists[k] == NONE;
 *   loop assigns from;
 *   loop variant 11 - from;
 * before: alloc_block list_take(index, from);
 *   assert there: is_free(index) && frame_records[index].order == from <= 10;
 * before: alloc_block while (from > order) {
 *   assert still: sound && apart && heads;
 *   assert clear: clear(index, from);
 * before: alloc_block list_push(block_upper(index, from), from);
 *   assert halves: frames(from + 1) == 2 * frames(from) && aligned(index, from + 1) && aligned(index, from) && index + 2 * frames(from) <= frame_limit;
 *   assert clear: clear(index, from) && clear(index + frames(from), from);
 *   assert empty: \forall integer j; index <= j < index + 2 * frames(from) ==> frame_records[j].state != FRAME_FREE;
 *   assert used: frame_records[index + frames(from)].state != FRAME_FREE;
 * loop: alloc_block 2
 *   loop invariant place: order <= from <= 10 && aligned(index, from) && index + frames(from) <= frame_limit;
 *   loop invariant used: frame_records[index].state != FRAME_FREE;
 *   loop invariant clear: clear(index, from);
 *   loop invariant sound: sound;
 *   loop invariant apart: apart;
 *   loop invariant heads: heads;
 *   loop assigns from, lists[0 .. 10], frame_records[0 .. frame_limit - 1];
 *   loop variant from;
 */
#include "shim.h"
#include "bits_blocks.h"

#include "FRAME_MAX_ORDER.h"
#include "frame.h"
#include "ORDERS.h"
#include "NONE.h"
#include "frame_state.h"

struct frame *frame_records;
uint64_t frame_limit;
static uint32_t lists[ORDERS];
static uint64_t free_frames;

/*@ requires x != 0;
  @ assigns \nothing;
  @ ensures 0 <= \result < 64 && \forall integer k; 0 <= k <= 10 ==> (k <= \result <==> aligned(x, k));
  @*/
int ctz(unsigned long long x);
#define __builtin_ctzll ctz

/*@ logic integer buddy(integer i, integer k) = part(i, k + 1) == 0 ? i + frames(k) : i - frames(k);
  @ logic integer joined(integer i, integer k) = part(i, k + 1) == 0 ? i : i - frames(k); */

/*@ requires order < 10 && aligned(index, order);
  @ assigns \nothing;
  @ ensures \result == buddy(index, order);
  @ ensures beside: \result == index + frames(order) || \result + frames(order) == index;
  @*/
static inline uint32_t block_buddy(uint32_t index, unsigned order);
#include "block_buddy.h"

/*@ requires order < 10 && aligned(index, order);
  @ assigns \nothing;
  @ ensures \result == joined(index, order) && aligned(\result, order + 1);
  @ ensures lower: \result == index && buddy(index, order) == index + frames(order) ||
  @   \result == buddy(index, order) && \result + frames(order) == index;
  @*/
static inline uint32_t block_joined(uint32_t index, unsigned order);
#include "block_joined.h"

/*@ requires order < 10 && aligned(index, order + 1);
  @ assigns \nothing;
  @ ensures \result == index + frames(order) && aligned(\result, order);
  @ ensures buddies: buddy(index, order) == \result && buddy(\result, order) == index;
  @*/
static inline uint32_t block_upper(uint32_t index, unsigned order);
#include "block_upper.h"

/*@ requires index < end < 0x100000000;
  @ assigns \nothing;
  @ ensures fits: \result <= 10 && aligned(index, \result) && index + frames(\result) <= end;
  @ ensures largest: \forall integer k; \result < k <= 10 && aligned(index, k) ==> index + frames(k) > end;
  @*/
static inline unsigned block_order(uint64_t index, uint64_t end);
#include "block_order.h"

/* Macros, so that provers see what they are to find. */
// clang-format off: ACSL
#define is_free(i) (0 <= (i) < frame_limit && frame_records[i].state == FRAME_FREE)
#define clear(i, k) (\forall integer j; is_free(j) ==> j + frames(frame_records[j].order) <= (i) || (i) + frames(k) <= j)
// clang-format on
/*@ predicate records = 0 < frame_limit < 0xffffffff && \valid(frame_records + (0 .. frame_limit - 1)) &&
  @   \separated(frame_records + (0 .. frame_limit - 1), &lists[0 .. 10], &frame_limit, &frame_records, &free_frames);
  @ predicate sound = \forall integer i; is_free(i) ==> frame_records[i].order <= 10 && aligned(i, frame_records[i].order) &&
  @   1 <= frames(frame_records[i].order) <= frame_limit - i;
  @ predicate apart = \forall integer i, j; is_free(i) && is_free(j) && i < j ==> i + frames(frame_records[i].order) <= j;
  @ predicate heads = \forall integer k; 0 <= k <= 10 ==> lists[k] == NONE || (is_free(lists[k]) && frame_records[lists[k]].order == k);
  @ predicate linked(integer i) = (frame_records[i].next == NONE || (is_free(frame_records[i].next) && frame_records[i].next != i &&
  @   frame_records[frame_records[i].next].order == frame_records[i].order)) &&
  @   (frame_records[i].prev == NONE ? lists[frame_records[i].order] == i :
  @     frame_records[i].prev < frame_limit && lists[frame_records[i].order] != i);
  @*/

/*@ requires records && heads && index < frame_limit && order <= 10 && frame_records[index].state != FRAME_FREE;
  @ assigns frame_records[0 .. frame_limit - 1], lists[order];
  @ ensures heads: heads;
  @ ensures now: frame_records[index].state == FRAME_FREE && frame_records[index].order == order;
  @ ensures others: \forall integer i; 0 <= i < frame_limit && i != index ==>
  @   frame_records[i].state == \old(frame_records[i].state) && frame_records[i].order == \old(frame_records[i].order);
  @*/
static void list_push(uint32_t index, unsigned order);
#include "list_push.h"

/*@ requires records && heads && is_free(index) && order == frame_records[index].order && order <= 10;
  @ admit requires linked(index);
  @ assigns frame_records[0 .. frame_limit - 1], lists[order];
  @ ensures heads: heads;
  @ ensures now: frame_records[index].state == FRAME_USED;
  @ ensures others: \forall integer i; 0 <= i < frame_limit && i != index ==>
  @   frame_records[i].state == \old(frame_records[i].state) && frame_records[i].order == \old(frame_records[i].order);
  @*/
static void list_take(uint32_t index, unsigned order);
#include "list_take.h"

/*@ requires records && sound && apart && heads;
  @ requires order <= 10 && aligned(index, order) && index + frames(order) <= frame_limit && clear(index, order);
  @ requires frame_records[index].state != FRAME_FREE;
  @ assigns free_frames, lists[0 .. 10], frame_records[0 .. frame_limit - 1];
  @ ensures in_range: sound;
  @ ensures disjoint: apart;
  @ ensures heads: heads;
  @*/
static void free_block(uint32_t index, unsigned order);
#include "free_block.h"

/*@ requires records && sound && apart && heads && order <= 10;
  @ assigns free_frames, lists[0 .. 10], frame_records[0 .. frame_limit - 1];
  @ ensures in_range: sound;
  @ ensures disjoint: apart;
  @ ensures heads: heads;
  @ ensures none: \result == NONE ==> \forall integer k; order <= k <= 10 ==> lists[k] == NONE;
  @ ensures place: \result != NONE ==> aligned(\result, order) && \result + frames(order) <= frame_limit && clear(\result, order);
  @*/
static uint32_t alloc_block(unsigned order);
#include "alloc_block.h"
