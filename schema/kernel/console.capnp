# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf95021463d02a265;
# Console: where a program's words go. The kernel's Console writes to the kernel log; the terminal process serves the
# same interface for the screen.

interface Console @0xf45bba02b13298cb {
  # Text output.

  write @0 (text :Text) -> ();
  # Writes text as it is. The kernel's Console keeps an unfinished line until its end comes (at most 240 bytes).
  # Errors: none; control characters other than newline and tab are shown as dots in the log.

  writeLine @1 (text :Text) -> ();
  # Writes text and ends the line.

  writeBytes @2 (bytes :Data) -> ();
  # Writes bytes that need not be UTF-8.
}
