/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: the parts of a pointer's word; its offset is signed. */
/*@ axiomatic message_bits {
  @   axiom high35: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 35) == x / 0x800000000;
  @   axiom high48: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 48) == x / 0x1000000000000;
  @   axiom down2: \forall integer x; -0x80000000 <= x < 0 ==> (x >> 2) == (x - 3) / 4;
  @   axiom mask3: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x & 7) == x % 8;
  @ } */
