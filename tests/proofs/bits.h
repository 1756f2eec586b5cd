/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What WP's integer provers need to know about bits, as axioms. Each is proved for all values by z3 and by cvc4 as a
 * statement on bit vectors in bits.smt2, under the same name; run.sh checks that and that no axiom lacks its proof.
 */
/*@ axiomatic bits {
  @   axiom pack: \forall integer high, low; 0 <= high < 0x100000000 && 0 <= low < 0x100000000 ==>
  @     ((uint64_t)(high << 32) | low) == high * 0x100000000 + low;
  @   axiom low32: \forall integer x; 0 <= x < 0x10000000000000000 ==> (uint32_t)x == x % 0x100000000;
  @   axiom high32: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 32) == x / 0x100000000;
  @   axiom shift2: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 2) == x / 4;
  @   axiom up2: \forall integer x, low; 0 <= x < 0x4000000000000000 && 0 <= low < 4 ==> ((uint64_t)(x << 2) | low) == x * 4 + low;
  @   axiom mask2: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x & 3) == x % 4;
  @   axiom mask8: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x & 255) == x % 256;
  @   axiom mask31: \forall integer x; 0 <= x < 0x100000000 ==> (x & 0x7fffffff) == x % 0x80000000;
  @   axiom mask32: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x & 0xffffffff) == x % 0x100000000;
  @   axiom top: \forall integer x; 0 <= x < 0x10000000000000000 ==> (x >> 63) == x / 0x8000000000000000;
  @ } */
/*@ axiomatic powers {
  @   predicate power(integer c); // 32, 64, ... 65536
  @   axiom range: \forall integer c; power(c) ==> 32 <= c <= 65536;
  @   axiom below: \forall integer x, c; power(c) && 0 <= x < c ==> (x & (uint32_t)(c - 1)) == x;
  @ } */
