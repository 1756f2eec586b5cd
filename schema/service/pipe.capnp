# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc9bd1c4ecca627ce;
# Pipe: a byte stream between processes, as a capability. (Between two processes that share memory it is a library:
# lib/pipe, stream.h; what reading, writing and closing mean is the same.)

interface Pipe @0xaf247845ede38fd7 {
  # One or both ends. An end is the methods that its holder may call: a reader has read and closeRead, a writer write and
  # closeWrite; the holder of all four holds both ends. An end is open until it is closed, or until the last capability
  # to it is gone, wherever that was.

  read @0 (max :UInt32) -> (bytes :Data, outcome :Outcome);
  # Reads at most max bytes (and no more than fit into the answer), waiting for the first. max 0 reads nothing, at once.
  # Outcomes: done, end (after the last byte, when no writer is left), closed. Errors: overloaded when too many wait.

  write @1 (bytes :Data) -> (count :UInt32, outcome :Outcome);
  # Writes what fits, waiting for room for the first byte; count says how many were taken. Outcomes: done (count is less
  # than there were bytes if the rest did not fit), broken (count 0: no reader is left), closed (count 0).
  # Errors: overloaded when too many wait.

  closeRead @2 () -> ();
  # Closes the reading end, for all its holders: bytes not read are dropped, who waits to read completes with closed, who waits
  # to write with broken. Again: nothing happens.

  closeWrite @3 () -> ();
  # Closes the writing end, for all its holders: what was written stays to be read, who waits to write completes with closed,
  # who waits to read with end. Again: nothing happens.

  enum Outcome {
    done @0;
    end @1;
    # Everything was read, and no writer is left.
    broken @2;
    # No reader is left.
    closed @3;
    # This end was closed.
  }
}

interface PipeFactory @0xa6a352eb54918bb6 {
  # Makes pipes; the bytes are its server's.

  create @0 () -> (reader :Pipe, writer :Pipe);
  # A new pipe. Reserve two capabilities. Errors: overloaded when there are too many.

  createBoth @1 () -> (pipe :Pipe);
  # A new pipe whose two ends are one capability. Errors: overloaded.
}
