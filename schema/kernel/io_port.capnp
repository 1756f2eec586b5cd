# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf5ff745bd61ac3cc;
# IoPort: a range of I/O ports.

interface IoPort @0xf8866c597366f6e7 {
  # Reads and writes device registers in a fixed range of ports. Offsets count from the start of the range.

  read @0 (offset :UInt16, width :UInt8) -> (value :UInt32);
  # Reads width (1, 2 or 4) bytes. Errors: invalidArgument when outside the range.

  write @1 (offset :UInt16, width :UInt8, value :UInt32) -> ();
  # Writes width bytes. Errors: invalidArgument when outside the range.

  writeBytes @2 (offset :UInt16, bytes :Data) -> ();
  # Writes each byte (at most 64) to the same port, in order.

  range @3 () -> (first :UInt16, count :UInt32);
  # Which ports these are.

  sub @4 (first :UInt16, count :UInt16) -> (ports :IoPort);
  # A capability to count ports from offset first on, and no others. Errors: invalidArgument when count is 0 or the range reaches
  # outside this one.
}
