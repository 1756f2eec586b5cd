/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As bits.h: blocks of 2^k frames, k up to 10. part(i, k) is the k low bits of i, that is i modulo 2^k; frames(k) is 2^k. */
/*@ axiomatic blocks {
  @   logic integer part(integer i, integer k);
  @   predicate aligned(integer i, integer k) = part(i, k) == 0;
  @   logic integer frames(integer k);
  @   axiom framesone: frames(0) == 1;
  @   axiom framestwice: \forall integer k; 0 <= k < 10 ==> frames(k + 1) == 2 * frames(k);
  @   axiom framesmost: \forall integer k; 0 <= k <= 10 ==> 1 <= frames(k) <= 1024;
  @   axiom framesbit: \forall integer k; 0 <= k <= 10 ==> (uint32_t)(1 << k) == frames(k) && (1 << k) == frames(k);
  @   axiom alignedall: \forall integer i; 0 <= i < 0x100000000 ==> aligned(i, 0);
  @   axiom alignednone: \forall integer k; 0 <= k <= 10 ==> aligned(0, k);
  @   axiom alignedless: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k + 1) ==> aligned(i, k);
  @   axiom alignedroom: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k + 1) ==>
  @     i + frames(k) < 0x100000000;
  @   axiom alignedhalf: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k + 1) ==>
  @     aligned(i + frames(k), k) && !aligned(i + frames(k), k + 1);
  @   axiom alignedhigh: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k) && !aligned(i, k + 1) ==>
  @     i >= frames(k) && aligned(i - frames(k), k + 1);
  @   axiom buddylow: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k + 1) ==>
  @     (i ^ frames(k)) == i + frames(k);
  @   axiom buddyhigh: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k) && !aligned(i, k + 1) ==>
  @     (i ^ frames(k)) == i - frames(k);
  @   axiom joinedlow: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k + 1) ==>
  @     (i & (uint32_t)~frames(k)) == i;
  @   axiom joinedhigh: \forall integer i, k; 0 <= k < 10 && 0 <= i < 0x100000000 && aligned(i, k) && !aligned(i, k + 1) ==>
  @     (i & (uint32_t)~frames(k)) == i - frames(k);
  @ } */
