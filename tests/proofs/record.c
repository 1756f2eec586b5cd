/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Service records and their tokens: look-up stays inside the directory for each of the 2^64 tokens, and finds only an open
 * record of that generation; claiming moves to another generation of the same index, never to generation 0, so that the token just
 * returned does not name the record any more, and token 0 never does.
 *
 * Assumed: one CPU; the directory holds `blocks` blocks of BLOCK records (grow), whose states are those that there are.
 *
 * shipped: kernel/ring/include/ring/record.h record_state record_word_of record_word_next
 * shipped: kernel/ring/record.c BLOCK MAX_BLOCKS record_find record_claim
 *
 * mutant: record_word_next s/likely\(next >= 1ull << 32\) \? next : .*;/next;/
 * mutant: record_find s/>= blocks/> blocks/
 */
#include "shim.h"
#include "bits.h"
#include "bits_wrap.h"
#include "bits_record.h"
#include "BLOCK.h"
#include "MAX_BLOCKS.h"
#include "record_state.h"

struct service_record {
	uint64_t word;
};
struct service_records {
	uint32_t blocks;
	struct service_record *block[MAX_BLOCKS];
};
struct process {
	struct service_records *records;
};

/*@ predicate directory(struct service_records *r) = \valid(r) && r->blocks <= 256 &&
  @   \forall integer i; 0 <= i < r->blocks ==> \valid(r->block[i] + (0 .. 15)) &&
  @   \forall integer j; 0 <= j < 16 ==> r->block[i][j].word % 4 <= 2;
  @*/

/*@ requires \valid(p) && \valid(expected) && \separated(p, expected);
  @ assigns *p, *expected;
  @ ensures swapped: \old(*p) == \old(*expected) ==> \result == 1 && *p == desired && *expected == \old(*expected);
  @ ensures kept: \old(*p) != \old(*expected) ==> \result == 0 && *p == \old(*p) && *expected == \old(*p);
  @*/
static bool swap64(uint64_t *p, uint64_t *expected, uint64_t desired)
{
	if (*p == *expected) {
		*p = desired;
		return true;
	}
	*expected = *p;
	return false;
}
#define atomic_cas swap64

/*@ assigns \nothing;
  @ ensures \result == ((token / 2) % 2 == 1 ? token : token + 2);
  @*/
static inline uint64_t record_word_of(uint64_t token);
#include "record_word_of.h"

/*@ requires \valid(process) && (process->records == \null || directory(process->records));
  @ assigns \nothing;
  @ ensures inside: \result != \null ==> process->records != \null && (token % 0x100000000) / 4 < process->records->blocks * 16;
  @ ensures found: \result != \null ==> \valid(\result) && \result->word / 4 == token / 4;
  @ ensures open: \result != \null ==> \result->word % 4 == 2;
  @*/
struct service_record *record_find(struct process *process, uint64_t token);
#include "record_find.h"

/*@ requires open % 4 == 2 && 1 <= open / 0x100000000;
  @ assigns \nothing;
  @ ensures state: \result % 4 == 1;
  @ ensures step: \result == open - 1 + (open / 0x100000000 < 0xffffffff ? 0x100000000 : 0x200000000 - 0x10000000000000000);
  @ ensures generation: 1 <= \result / 0x100000000;
  @ ensures other: \result / 0x100000000 != open / 0x100000000;
  @*/
static inline uint64_t record_word_next(uint64_t open);
#include "record_word_next.h"

/*@ requires \valid(record) && word % 4 == 2 && 1 <= word / 0x100000000;
  @ assigns record->word;
  @ ensures lost: \old(record->word) != word <==> \result == 0;
  @ ensures unchanged: \result == 0 ==> record->word == \old(record->word);
  @ ensures reserved: \result != 0 ==> record->word % 4 == 1;
  @ ensures next: \result != 0 ==> 1 <= record->word / 0x100000000 && record->word / 0x100000000 != word / 0x100000000;
  @*/
bool record_claim(struct service_record *record, uint64_t word);
#include "record_claim.h"
