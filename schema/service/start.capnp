# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf3f51e89c6c9ee62;
# The start message: what a process finds when it begins, written by its creator.

struct StartMessage {
  capSet @0 :List(NamedCap);
  parameters @1 :LaunchParameters;
  space @2 :UInt64;
  # Address at which the program was loaded (for backtraces).
  seed @3 :UInt64;
  # Unpredictable bits for the stack protector; 0 when the creator had none.
  program @4 :Text;
  # The name that the program was started by: one that is packed under several does what its name says.
  stack @5 :UInt64;
  stackBytes @6 :UInt64;
  # The first thread's stack: its lowest address, and its size.
}

struct NamedCap {
  # One capability of the CapSet.
  name @0 :Text;
  id @1 :UInt64;
  interfaceId @2 :UInt64;
  maxMessage @3 :UInt32;
  # Of an Endpoint: the limits that it was made with, for the service loop. Otherwise 0.
  maxCaps @4 :UInt16;
}

struct LaunchParameters {
  # Arguments and environment: at most 64 entries and 4096 bytes together; absent means empty.
  arguments @0 :List(Text);
  environment @1 :List(Variable);

  struct Variable {
    name @0 :Text;
    value @1 :Text;
  }
}
