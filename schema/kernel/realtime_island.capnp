# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa7c6e2b19f3d5804;
# RealtimeIsland: a leased CPU and the contexts that were admitted to it together.

using import "scheduling_context.capnp".SchedulingContext;

interface RealtimeIsland @0xd2f1847ab05c93e6 {
  # Made by SchedulingPolicy.createIsland. It keeps its lease as long as there is a capability to it, and ends with it: then the threads run
  # anywhere on their own time.

  context @0 (task :UInt32) -> (context :SchedulingContext);
  # That task's context: the thread that is bound to it is bound to the CPU. Reserve one capability. Errors: invalidArgument (task).

  look @1 () -> (status :Status);
  # How it is.

  end @2 () -> ();
  # Its contexts have ended. The lease is kept by who else has a capability to it.

  struct Status {
    cpu @0 :UInt16;
    tasks @1 :UInt32;
    active @2 :Bool;
    # Neither it nor its lease has ended.
    demand @3 :UInt32;
    # The worst case, in millionths of the CPU: at the end of that task's period that has least to spare.
    mostWaitNs @4 :UInt64;
    # The longest time for which the owner of a context was ready and had budget, and did not run,
    leastWaitNs @5 :UInt64;
    # and the shortest, of the same task: between them is the jitter.
  }
}
