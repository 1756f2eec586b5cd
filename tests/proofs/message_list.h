/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What lists take: contracts of the functions that multiply, in words of times(count, step). message_list.c proves them, with times as the
 * product; message_reader.c uses them and knows nothing of times, so that its provers meet no product.
 */
/*@ requires count < 0x20000000;
  @ requires elem == 0 || elem == 1 || elem == 2 || elem == 3 || elem == 4 || elem == 5 || elem == 6;
  @ assigns \nothing;
  @ ensures most: \result <= 0x20000000;
  @ ensures all: 64 * \result >= times(count, msg_step_bits[elem]);
  @*/
static inline uint64_t msg_list_words(enum msg_elem elem, uint64_t count);

/*@ requires step < 0x20000 && count < 0x40000000;
  @ assigns \nothing;
  @ ensures \result <==> times(step, count) <= words;
  @*/
static bool elements_fit(uint64_t step, uint32_t count, uint64_t words);

/*@ requires count < 0x40000000 && data_words < 0x10000 && pointers < 0x10000 && p.depth >= 1;
  @ assigns \nothing;
  @ ensures \result.msg == p.msg && \result.data == data && \result.count == count;
  @ ensures bits: times(\result.count, \result.step_bits) == 64 * times(data_words + pointers, count);
  @ ensures step: \result.step_bits == 64 * (data_words + pointers) && \result.step_bits <= 0x1000000;
  @ ensures shape: \result.elem == 7 && \result.step_bits == 8 * (\result.data_bytes + 8 * \result.pointers);
  @ ensures depth: \result.depth < p.depth;
  @*/
static struct msg_list composite_list(struct msg_pointer p, const uint8_t *data, uint32_t count,
				      uint32_t data_words, uint32_t pointers);

/*@ requires count < 0x20000000 && p.depth >= 1;
  @ requires elem == 0 || elem == 1 || elem == 2 || elem == 3 || elem == 4 || elem == 5 || elem == 6;
  @ assigns \nothing;
  @ ensures \result.msg == p.msg && \result.data == data && \result.count == count && \result.elem == elem;
  @ ensures bits: times(\result.count, \result.step_bits) == times(count, msg_step_bits[elem]);
  @ ensures bit: elem == 1 ==> \result.step_bits == 1 && \result.data_bytes == 0 && \result.pointers == 0;
  @ ensures none: elem == 0 ==> \result.step_bits == 0 && \result.data_bytes == 0 && \result.pointers == 0;
  @ ensures one: elem == 2 ==> \result.step_bits == 8 && \result.data_bytes == 1 && \result.pointers == 0;
  @ ensures two: elem == 3 ==> \result.step_bits == 16 && \result.data_bytes == 2 && \result.pointers == 0;
  @ ensures four: elem == 4 ==> \result.step_bits == 32 && \result.data_bytes == 4 && \result.pointers == 0;
  @ ensures eight: elem == 5 ==> \result.step_bits == 64 && \result.data_bytes == 8 && \result.pointers == 0;
  @ ensures pointer: elem == 6 ==> \result.step_bits == 64 && \result.data_bytes == 0 && \result.pointers == 1;
  @ ensures depth: \result.depth < p.depth;
  @*/
static struct msg_list plain_list(struct msg_pointer p, const uint8_t *data, enum msg_elem elem,
				  uint32_t count);
