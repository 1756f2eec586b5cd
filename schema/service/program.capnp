# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf36e7494118b6543;
# What a program asks for: its requirement record, a typed constant "needs" beside its source, kept in its ELF file
# (section .capos.needs).

struct Program {
  summary @0 :Text;
  # One line: what it does.
  grants @1 :List(Need);
  stackBytes @2 :UInt32 = 65536;
  submissions @3 :UInt32;
  # Ring geometry of the first thread; 0 = default.
  arenaBytes @4 :UInt32;
  others @5 :Bool;
  # An image may grant it anything else as well: a shell can use, and hand on, whatever it is given.

  struct Need {
    name @0 :Text;
    # Under this name it stands in the CapSet.
    interface @1 :Text;
    # Name of the interface, for example "Timer".
    why @2 :Text;
    # One sentence for who decides.
    optional @3 :Bool;
  }
}
