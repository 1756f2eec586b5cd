# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe8ce1d3f2a44b9d5;
# Bench: what tests/bench measures calls between processes with.

using import "/schema/kernel/thread.capnp".ThreadHandle;
using import "/schema/kernel/notification.capnp".Notification;

interface Bench @0xc5a03f6be9d2714b {
  # Served by programs/bench_server, called by programs/bench. No shipped image has it.

  nothing @0 () -> ();
  # The smallest call.

  eight @1 (a :UInt64, b :UInt64, c :UInt64, d :UInt64, e :UInt64, f :UInt64, g :UInt64, h :UInt64)
      -> (a :UInt64, b :UInt64, c :UInt64, d :UInt64, e :UInt64, f :UInt64, g :UInt64, h :UInt64);
  # 64 bytes of fields each way; every result is the parameter of that name plus 1.

  eightWith @2 (capability :Capability, a :UInt64, b :UInt64, c :UInt64, d :UInt64, e :UInt64, f :UInt64, g :UInt64)
      -> (a :UInt64, b :UInt64, c :UInt64, d :UInt64, e :UInt64, f :UInt64, g :UInt64, h :UInt64);
  # The same size, with a capability that the receiver drops.

  block @3 (bytes :Data) -> (bytes :Data);
  # As many bytes back as came. The server builds them once and sends the same ones again for as long as the size stays.

  partner @4 (caller :ThreadHandle) -> (partner :ThreadHandle);
  # Starts a thread in the server that, each time it is woken, wakes caller. Errors: failed when the thread cannot be made.

  answerSignals @5 (from :Notification, to :Notification) -> ();
  # Starts a thread in the server that waits for any bit of from and then sets bit 0 of to, for ever.
  # Errors: failed when the thread cannot be made.

  keep @6 (bench :Bench) -> ();
  # The server keeps it for kept.

  kept @7 () -> (bench :Bench);
  # A copy of what keep gave.
}
