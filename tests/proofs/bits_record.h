/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: a record's word has 32 bits of generation above two of state. What WP makes of `x >> 34 == 0`. */
/*@ axiomatic record_bits {
  @   axiom above34: \forall integer x; 0 <= x < 0x10000000000000000 ==> ((x & 0xfffffffc00000000) == 0 <==> x < 0x400000000);
  @ } */
