# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf1b2e510964434a4;
# MemoryObject: pages that can be mapped and shared.

interface MemoryObject @0xfbe1ac9fb64b28d7 {
  # A fixed number of pages. What a holder may do with a mapping follows the methods that it holds: mapping readable
  # wants read, writable wants write, executable wants execute.

  size @0 () -> (bytes :UInt64);
  # Size in bytes, a multiple of 4096; it never changes.

  read @1 (offset :UInt64, count :UInt32) -> (bytes :Data);
  # Copies count bytes out. Errors: invalidArgument when offset + count exceeds the size, or count exceeds 960.

  write @2 (offset :UInt64, bytes :Data) -> ();
  # Copies bytes in, at most 960. Errors: invalidArgument when they reach past the end.

  execute @3 () -> ();
  # Stands for the permission to map executable; calling it does nothing.

  copyFrom @4 (source :MemoryObject, sourceOffset :UInt64, offset :UInt64, count :UInt64) -> ();
  # Copies count bytes (at most 65536) from source, inside the kernel; needs read on source and write here.
  # Errors: invalidArgument when a range reaches past an end, count is too large, or the ranges overlap in one memory.

  commit @5 (offset :UInt64, count :UInt64) -> ();
  # Takes the pages of that range now (at most 262144 bytes), charged to who made the memory; they stay. Who touches them later through a
  # mapping then never faults for want of memory. Fails with NO_QUOTA or NO_MEMORY (status). Errors: invalidArgument when the range
  # reaches past the end, or count is too large.
}
