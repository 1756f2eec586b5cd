/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the proofs of lib/message share: where a message lies, what its handles promise, and loads. A load of n bytes is said to read
 * exactly those (types.h: __builtin_memcpy of a constant size) and to give anything: nothing is assumed of a message's content.
 */
#include "shim.h"

#include "MSG_NESTING.h"
#include "MSG_MAX_WORDS.h"
#include "msg_elem.h"
#include "msg_text.h"
#include "msg_data.h"
#include "msg_reader.h"
#include "msg_struct.h"
#include "msg_list.h"
#include "msg_pointer.h"

/*@ requires \valid_read(p); assigns \nothing; */
uint8_t msg_load8(const uint8_t *p);
/*@ requires \valid_read(p + (0 .. 1)); assigns \nothing; */
uint16_t msg_load16(const uint8_t *p);
/*@ requires \valid_read(p + (0 .. 3)); assigns \nothing; */
uint32_t msg_load32(const uint8_t *p);
/*@ requires \valid_read(p + (0 .. 7)); assigns \nothing; */
uint64_t msg_load64(const uint8_t *p);

/*@ axiomatic products { logic integer times(integer count, integer step); } */

/*@ predicate message(struct msg_reader *r) = \valid(r) && r->words <= 0x20000000 && r->nesting >= 1 &&
  @   \valid_read(r->base + (0 .. 8 * r->words - 1)) && \separated(r, r->base + (0 .. 8 * r->words - 1));
  @ predicate bits_inside(struct msg_reader *r, uint8_t *p, integer bits) = p == r->base + (p - r->base) &&
  @   0 <= p - r->base && 8 * (p - r->base) + bits <= 64 * r->words;
  @ predicate inside(struct msg_reader *r, uint8_t *p, integer bytes) = bits_inside(r, p, 8 * bytes);
  @ predicate pointer_ok(struct msg_pointer p) = p.slot == \null || inside(p.msg, p.slot, 8);
  @ predicate struct_ok(struct msg_struct s) = (s.data == \null && s.data_bytes == 0 && s.pointers == 0) ||
  @   inside(s.msg, s.data, s.data_bytes + 8 * s.pointers);
  @ predicate list_ok(struct msg_list l) = (l.data == \null && l.count == 0) || (l.count < 0x40000000 && l.step_bits <= 0x1000000 &&
  @   bits_inside(l.msg, l.data, times(l.count, l.step_bits)) &&
  @   ((l.elem == MSG_ELEM_BIT && l.step_bits == 1 && l.data_bytes == 0 && l.pointers == 0) ||
  @    (l.elem != MSG_ELEM_BIT && l.step_bits == 8 * (l.data_bytes + 8 * l.pointers))));
  @*/
