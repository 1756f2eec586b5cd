/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: a record's word has 32 bits of generation above two of state. */
/*@ axiomatic record_bits {
  @   axiom shift34: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 34) == x / 0x400000000;
  @ } */
