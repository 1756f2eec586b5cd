/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: sums and differences of 64-bit words that may wrap. Apart, because what need not be known only keeps provers busy. */
/*@ axiomatic wrap {
  @   axiom carry: \forall integer a, b; 0 <= a < 0x10000000000000000 && 0 <= b < 0x10000000000000000 ==>
  @     ((uint64_t)(a + b) == a + b && a + b < 0x10000000000000000) ||
  @     ((uint64_t)(a + b) == a + b - 0x10000000000000000 && (uint64_t)(a + b) < a && (uint64_t)(a + b) < b);
  @   axiom borrow: \forall integer a, b; 0 <= a < 0x10000000000000000 && 0 <= b < 0x10000000000000000 ==>
  @     ((uint64_t)(a - b) == a - b && a >= b) || ((uint64_t)(a - b) == a - b + 0x10000000000000000 && a < b);
  @   axiom back: \forall integer a, b; 0 <= a < 0x10000000000000000 && 0 <= b < 0x10000000000000000 ==>
  @     (uint64_t)((uint64_t)(a + b) - b) == a;
  @ } */
