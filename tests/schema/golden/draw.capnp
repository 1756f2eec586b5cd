# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7c1a95d3e20f685;
# Interfaces that inherit, with named and listed parameters and with capabilities.

using import "shapes.capnp".Shape;

interface Draw {
  # Something that can draw.

  draw @0 (shape :Shape, times :UInt8 = 1) -> (pixels :UInt64);
  # Draws shape. Errors: invalidArgument when times is 0.

  child @1 (name :Text, parent :Draw) -> (child :Draw, depth :UInt16);
  # A capability goes in, and one comes out.
}

interface Canvas extends (Draw) {
  # Inherits draw and child.

  clear @0 Shape -> Shape;
  # Named parameter and result structs.

  reset @1 () -> ();
  # Nothing in, nothing out.
}
