/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: a record's word ends in two bits of state, of which open has the upper one. */
/*@ axiomatic record_bits {
  @   axiom or2: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x | 2) == ((x / 2) % 2 == 1 ? x : x + 2);
  @ } */
