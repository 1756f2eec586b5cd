# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf726dc279ad3d311;
# ThreadSpawner and ThreadHandle: more threads in one process.

interface ThreadSpawner @0xfa8d3a72bc1db986 {
  # Makes threads in the process that calls it.

  create @0 (entry :UInt64, stack :UInt64, argument :UInt64, submissions :UInt32, arenaBytes :UInt32) -> (thread :ThreadHandle);
  # Starts a thread with a region of its own. argument is in the region header (thread_arg). Geometry as in ProcessHandle.start.
  # Errors: invalidArgument for the geometry, overloaded when the ledger has no thread left.

  current @1 () -> (thread :ThreadHandle);
  # A handle of the thread that calls: what it gives to others, so that they can wake it.
}

interface ThreadHandle @0xf9e269deae19d84c {
  # One thread.

  wake @0 () -> ();
  # Gives its wake permit; the operation WAKE does the same.

  wait @1 () -> (code :Int64);
  # Completes when the thread has ended, with what it passed to exit.

  interrupt @2 (bits :UInt64) -> ();
  # Makes an upcall with these reason bits (not 0; bits 62 and 63 are the kernel's); collects in the pending word while it is masked.
  # Errors: invalidArgument; failed when the thread has no upcall entry.

  info @3 () -> (tid :UInt32, running :Bool, cpuNs :UInt64, submissions :UInt64, completions :UInt64);
  # What it has done so far.
}
