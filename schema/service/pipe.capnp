# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc9bd1c4ecca627ce;
# Pipe: a byte stream between processes, as a capability. (Between two processes that share memory it is a library:
# lib/pipe, stream.h; what reading, writing and closing mean is the same.)

using import "shared_buffer.capnp".SharedBuffer;

interface Pipe @0xaf247845ede38fd7 {
  # One or both ends. An end is the methods that its holder may call: a reader has read, closeRead, readable and readInto, a writer write,
  # closeWrite, writable and writeFrom; the holder of all holds both ends. An end is open until it is closed, or until the last capability
  # to it is gone, wherever that was.

  read @0 (max :UInt32, now :Bool) -> (bytes :Data, outcome :Outcome);
  # Reads at most max bytes (and no more than fit into the answer), waiting for the first; not if now is set. max 0 reads nothing,
  # at once. Outcomes: done, end (after the last byte, when no writer is left), closed, wouldWait. Errors: overloaded when too many wait.
  # A read that its caller takes back (CANCEL, a deadline) may have taken bytes by then, which are lost: who wants to be able to stop waiting
  # calls readable with wait, which takes none, and then this with now. The same goes for write, whose bytes may be in the pipe.

  write @1 (bytes :Data, now :Bool, whole :Bool) -> (count :UInt32, outcome :Outcome);
  # Writes what fits, waiting for room for the first byte, but not if now is set; count says how many were taken. whole: all bytes
  # together or none, waiting for room for all of them; of more than 4096 bytes that is not promised. Who waits is served in turn.
  # Outcomes: done (count is less than there were bytes if the rest did not fit), broken (count 0: no reader is left), closed (count 0),
  # wouldWait. Errors: overloaded when too many wait.

  closeRead @2 () -> ();
  # Closes the reading end, for all its holders: bytes not read are dropped, who waits to read completes with closed, who waits
  # to write with broken. Again: nothing happens.

  closeWrite @3 () -> ();
  # Closes the writing end, for all its holders: what was written stays to be read, who waits to write completes with closed,
  # who waits to read with end. Again: nothing happens.

  readable @4 (wait :Bool) -> (count :UInt32, outcome :Outcome);
  # Whether read would not wait now; wait: when that is so. count bytes are there. It takes nothing, so somebody else may be faster.
  # Outcomes: done, end, closed, wouldWait (never with wait). Errors: overloaded when too many wait.

  writable @5 (wait :Bool) -> (count :UInt32, outcome :Outcome);
  # The same for write: there is room for count bytes, at least 4096. Outcomes: done, broken, closed, wouldWait.

  readInto @6 (buffer :SharedBuffer) -> (pipe :BufferedPipe);
  # The same end for reading into memory of the caller's: at most 64 KiB, with its method write, and not revocable. Reserve one
  # capability. Errors: invalidArgument (field "buffer") when it is none, or not such; overloaded when there are too many, and
  # unimplemented: then bytes go in messages only.

  writeFrom @7 (buffer :SharedBuffer) -> (pipe :BufferedPipe);
  # The same for writing out of memory of the caller's, which need not come with write.

  enum Outcome {
    done @0;
    end @1;
    # Everything was read, and no writer is left.
    broken @2;
    # No reader is left.
    closed @3;
    # This end was closed.
    wouldWait @4;
    # There is nothing to be done now, and the caller did not want to wait.
  }
}

interface BufferedPipe @0xc540b37018bcd6c1 {
  # One end of a pipe and memory of its holder's, for bytes that are too many for messages. It does not keep the end open. With its last
  # capability the memory is given up.

  move @0 (count :UInt32, now :Bool, whole :Bool) -> (count :UInt32, outcome :Outcome);
  # What Pipe.read or Pipe.write does, with the first count bytes of the memory: until it returns, they are this object's. One at a time: two that
  # read at once get one another's bytes. Outcomes and errors: as there, and invalidArgument (field "count") beyond the memory.

  using Outcome = Pipe.Outcome;
}

interface PipeFactory @0xa6a352eb54918bb6 {
  # Makes pipes; the bytes are its server's.

  create @0 () -> (reader :Pipe, writer :Pipe);
  # A new pipe. Reserve two capabilities. Errors: overloaded when there are too many.

  createBoth @1 () -> (pipe :Pipe);
  # A new pipe whose two ends are one capability. Errors: overloaded.
}
