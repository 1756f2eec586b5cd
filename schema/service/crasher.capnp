# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd1c3a4f5b7e60912;
# Crasher: a service that ends when it is told to, for tests of supervision. No shipped image has it.

using A = import "/schema/annotation.capnp";
using A.idempotent;

interface Crasher @0x8be1f0d24c3a5967 {
  # One object of it; each start of the service begins anew.

  started @0 () -> (ns :UInt64) $idempotent;
  # When the service that answers was started, nanoseconds since boot.

  end @1 (how :How) -> ();
  # The service ends, without an answer.

  endIfOld @2 (ns :UInt64, how :How) -> (ns :UInt64) $idempotent;
  # Ends a service that was started before ns; a later one answers when it was started.

  endOnceIfOld @3 (ns :UInt64, how :How) -> (ns :UInt64);
  # The same, and not idempotent.

  hold @4 () -> ();
  # Is never answered.

  open @5 () -> (object :Crasher);
  # Another object. Reserve one capability.

  exit @6 (code :Int64) -> ();
  # The service exits with that code, without an answer.

  limited @7 (text :Text $A.maxBytes(8), bytes :Data $A.maxBytes(4), size :UInt32 $A.atMost(100),
              kind :Text $A.oneOf(["", "red", "blue"])) -> (length :UInt32);
  # Has limits; gives the length of text.

  enum How {
    pageFault @0;
    illegalInstruction @1;
    exitWithFailure @2;
  }
}
