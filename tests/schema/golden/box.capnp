# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7c1a95d3e20f686;
# Generics, as far as interfaces use them.

interface Box(T) {
  # A generic interface: its parameter reads as AnyPointer.

  put @0 (value :T) -> ();
  # Puts a value in.

  take @1 () -> (value :T);
  # Takes it out.

  swap @2 [U] (give :U) -> (got :T);
  # A method with a parameter of its own.
}

interface BoxOfText {
  # Uses a generic one.

  open @0 () -> (box :Box(Text), any :Capability);
  # Opens it.
}
