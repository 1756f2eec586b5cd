/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Following pointers of a message (lib/message/reader.c): whatever its words are, each access lies inside the segment (I1), and so does
 * what a handle that comes back promises (I2); each object was paid for (I3), the budget never grows, and one level
 * of depth is taken for each pointer. What is refused marks the reader, and nothing takes the mark away.
 *
 * Assumed: the segment is readable as long as it is read and has at most MSG_MAX_WORDS words (msg_reader_init); handles are those that
 * these functions or the accessors (message_fields.c) made; a root may have a level (`nesting` is not 0). Bytes of a program's own
 * (a handle without a reader) are not checked, as reader.h says, and not covered.
 *
 * options: -wp-model Typed+Cast
 * slow: a minute
 * shipped: lib/message/include/message/types.h MSG_NESTING MSG_MAX_WORDS msg_elem msg_text msg_data
 * shipped: lib/message/include/message/reader.h msg_reader msg_struct msg_list msg_pointer msg_root msg_reader_root_pointer msg_root_word
 * shipped: lib/message/internal.h msg_step_bits msg_data_bytes
 * shipped: lib/message/reader.c refuse msg_refuse_struct refuse_list pay target msg_read_struct
 * shipped: lib/message/reader.c msg_reader_find_root composite_fits read_composite elem_fits msg_read_list read_bytes msg_read_text
 * shipped: lib/message/reader.c msg_read_data msg_read_cap
 *
 * mutant: target s/at < 0 \|\| //
 * mutant: target s/!pay\(p.msg, words\)/false/
 * mutant: target s/words > p.msg->words - \(uint64_t\)at/words > p.msg->words/
 * mutant: read_composite s/words \+ 1\)/words)/
 * mutant: msg_read_struct s/p\.depth - 1/p.depth/
 * mutant: msg_read_text s/bytes.len == 0 \|\| //
 * mutant: msg_read_cap s/>= p\.msg->caps/> p.msg->caps/
 */
#include "message.h"
#include "msg_root.h"
#include "bits.h"
#include "bits_message.h"
#include "msg_data_bytes.h"
#include "msg_step_bits.h"

#include "message_list.h"

/*@ requires \valid(r);
  @ assigns r->malformed;
  @ ensures r->malformed == 1;
  @*/
static void refuse(struct msg_reader *r);
#include "refuse.h"

/*@ requires \valid(r);
  @ assigns r->malformed;
  @ ensures marked: r->malformed == 1;
  @ ensures empty: \result.msg == r && \result.data == \null && \result.data_bytes == 0 && \result.pointers == 0 && \result.depth == 0;
  @*/
struct msg_struct msg_refuse_struct(struct msg_reader *r);
#include "msg_refuse_struct.h"

/*@ requires \valid(r);
  @ assigns r->malformed;
  @ ensures marked: r->malformed == 1;
  @ ensures empty: \result.msg == r && \result.data == \null && \result.count == 0 && \result.depth == 0;
  @*/
static struct msg_list refuse_list(struct msg_reader *r);
#include "refuse_list.h"

/*@ requires \valid(r);
  @ assigns r->budget;
  @ ensures paid: \result != 0 ==> r->budget == \old(r->budget) - words;
  @ ensures refused: \result == 0 ==> r->budget == \old(r->budget) && words > r->budget;
  @*/
static bool pay(struct msg_reader *r, uint64_t words);
#include "pay.h"

/*@ requires message(p.msg) && p.slot != \null && pointer_ok(p) && words <= 0x100000000;
  @ assigns p.msg->budget;
  @ ensures I1: \result != \null ==> inside(p.msg, \result, 8 * words);
  @ ensures I3: \result != \null ==> p.msg->budget == \old(p.msg->budget) - words;
  @ ensures free: \result == \null ==> p.msg->budget == \old(p.msg->budget);
  @*/
static const uint8_t *target(struct msg_pointer p, uint64_t word, uint64_t words);
#include "target.h"

/*@ requires message(p.msg) && pointer_ok(p);
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: \result.msg == p.msg && struct_ok(\result);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget) &&
  @   (\result.data != \null ==> p.msg->budget == \old(p.msg->budget) - \result.data_bytes / 8 - \result.pointers);
  @ ensures depth: \result.data != \null ==> \result.depth == p.depth - 1;
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
struct msg_struct msg_read_struct(struct msg_pointer p);
#include "msg_read_struct.h"

/*@ requires message(r);
  @ assigns \nothing;
  @ ensures \result.msg == r && pointer_ok(\result) && \result.depth == r->nesting;
  @*/
static inline struct msg_pointer msg_reader_root_pointer(struct msg_reader *r);
#include "msg_reader_root_pointer.h"

/*@ assigns \nothing; */
static inline uint64_t msg_root_word(uint32_t data_words, uint32_t pointers);
#include "msg_root_word.h"

/*@ requires message(r);
  @ assigns r->budget, r->malformed;
  @ ensures I2: (\result.data == \null && \result.data_bytes == 0 && \result.pointers == 0) ||
  @   inside(r, \result.data, \result.data_bytes + 8 * \result.pointers);
  @ ensures I3: r->budget <= \old(r->budget);
  @ ensures depth: \result.data != \null ==> \result.depth == r->nesting - 1;
  @ ensures mark: r->malformed == \old(r->malformed) || r->malformed == 1;
  @*/
struct msg_root msg_reader_find_root(struct msg_reader *r);
#include "msg_reader_find_root.h"

/*@ assigns \nothing; */
static bool composite_fits(enum msg_elem expected, uint32_t data_words, uint32_t pointers);
#include "composite_fits.h"

/*@ requires message(p.msg) && p.slot != \null && pointer_ok(p) && p.depth >= 1;
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: \result.msg == p.msg && list_ok(\result);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget) &&
  @   (\result.data != \null ==> times(\result.count, \result.step_bits) <= 64 * (\old(p.msg->budget) - p.msg->budget));
  @ ensures zero_sized: \result.data != \null && \result.step_bits == 0 ==> p.msg->budget <= \old(p.msg->budget) - \result.count;
  @ ensures depth: \result.depth < p.depth;
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
static struct msg_list read_composite(struct msg_pointer p, uint64_t word, enum msg_elem expected);
#include "read_composite.h"

/*@ requires expected <= 8 && elem < 7;
  @ assigns \nothing;
  @*/
static bool elem_fits(enum msg_elem expected, enum msg_elem elem);
#include "elem_fits.h"

/*@ requires message(p.msg) && pointer_ok(p) && expected <= 8;
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: \result.msg == p.msg && list_ok(\result);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget) &&
  @   (\result.data != \null ==> times(\result.count, \result.step_bits) <= 64 * (\old(p.msg->budget) - p.msg->budget));
  @ ensures zero_sized: \result.data != \null && \result.step_bits == 0 ==> p.msg->budget <= \old(p.msg->budget) - \result.count;
  @ ensures depth: \result.data != \null ==> \result.depth < p.depth;
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
struct msg_list msg_read_list(struct msg_pointer p, enum msg_elem expected);
#include "msg_read_list.h"

/*@ requires message(p.msg) && p.slot != \null && pointer_ok(p);
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: (\result.ptr == \null && \result.len == 0) || inside(p.msg, \result.ptr, \result.len);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget) - (\result.len + 7) / 8;
  @ ensures mark: \result.ptr == \null ? p.msg->malformed == 1 : p.msg->malformed == \old(p.msg->malformed);
  @*/
static struct msg_data read_bytes(struct msg_pointer p, uint64_t word);
#include "read_bytes.h"

/*@ requires message(p.msg) && pointer_ok(p);
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: \result.len == 0 || inside(p.msg, (uint8_t *)\result.ptr, \result.len + 1);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget);
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
struct msg_text msg_read_text(struct msg_pointer p);
#include "msg_read_text.h"

/*@ requires message(p.msg) && pointer_ok(p);
  @ assigns p.msg->budget, p.msg->malformed;
  @ ensures I2: \result.len == 0 || inside(p.msg, \result.ptr, \result.len);
  @ ensures I3: p.msg->budget <= \old(p.msg->budget) - (\result.len + 7) / 8;
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
struct msg_data msg_read_data(struct msg_pointer p);
#include "msg_read_data.h"

/*@ requires message(p.msg) && pointer_ok(p);
  @ assigns p.msg->malformed;
  @ ensures known: \result == -1 || 0 <= \result < p.msg->caps;
  @ ensures mark: p.msg->malformed == \old(p.msg->malformed) || p.msg->malformed == 1;
  @*/
int32_t msg_read_cap(struct msg_pointer p);
#include "msg_read_cap.h"
