# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf7f6ac33944123e2;
# The terminal: a line of characters to a person.

interface TerminalSession @0xf0fa274362a478a8 {
  # Line input and text output on one terminal.

  write @0 (bytes :Data) -> ();
  # Writes bytes; newline becomes carriage return and newline.

  readLine @1 (prompt :Text) -> (line :Text, end :Bool);
  # Shows prompt, lets the person edit a line, and returns it without its end. end: no further line will come (Ctrl-D, input closed).

  size @2 () -> (columns :UInt16, rows :UInt16);
  # The size in characters; 80 x 24 when the terminal does not say.
}

interface StdIO @0xf265b76dfdb7b807 {
  # What a program that reads and writes text is given: bytes in, bytes out.

  read @0 (count :UInt32) -> (bytes :Data);
  # Up to count (at most 4096) bytes of input, at least one unless the input has ended (then none).

  write @1 (bytes :Data) -> ();
  # Output.

  writeError @2 (bytes :Data) -> ();
  # Diagnostics.
}
