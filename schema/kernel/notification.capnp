# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf24730f3fd20841d;
# Notification: a word of bits that somebody sets and somebody waits for.

interface Notification @0xf13c422945e32766 {
  # 64 bits. Setting a set bit changes nothing (events coalesce); no bit is lost. A facet has a mask of the bits that it may touch.

  signal @0 (bits :UInt64) -> ();
  # Sets bits (0 = all of the facet's mask) and wakes who waits for any of them; the operation SIGNAL does the same.
  # Errors: invalidArgument when a bit is outside the mask.

  wait @1 (bits :UInt64) -> (taken :UInt64);
  # Completes when any of bits (0 = the mask) is set, and takes those; the operation WAIT does the same.

  poll @2 (bits :UInt64) -> (taken :UInt64);
  # Takes what is set of bits (0 = the mask), at once, possibly nothing.

  facet @3 (mask :UInt64) -> (facet :Notification);
  # A capability to the same word with a smaller mask. Errors: invalidArgument when mask has a bit that this one lacks, or none.

  watched @4 (mask :UInt64, gone :UInt64) -> (facet :Notification);
  # The same, and when the last capability to that facet is gone - released, revoked and released, or its holder has ended; copies,
  # facets of it and what is attenuated from it count, too - the bits gone are set in the word, once: how one side of a pipe learns that
  # nobody is left on the other. Reserve one capability. Errors: as facet, for mask and for gone.
}
