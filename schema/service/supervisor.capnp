# SPDX-License-Identifier: MIT OR Apache-2.0
@0xae3e5d263d56bb84;
# Supervisor: what init does for the processes of its image while they run, and what it remembers of those that failed.

using import "/schema/annotation.capnp".idempotent;
using import "/schema/kernel/process_handle.capnp".ProcessHandle;
using import "image.capnp".Image;

interface Supervisor @0xc245248e23fb8775 {
  # Served by init to the processes to which the image grants the source `init = supervisor`. Names are those of the image.

  image @0 () -> (name :Text, processes :UInt32, crashes :UInt64) $idempotent;
  # Which image runs, how many processes it names, and how many crashes there have been.

  list @1 (from :UInt32) -> (processes :List(Process), next :UInt32) $idempotent;
  # Up to 8 processes from index "from" on, in the image's order; next is the index to go on from, 0 at the end.

  status @2 (name :Text) -> (process :Process) $idempotent;
  # One process. Errors: invalidArgument (name) when the image has none of that name.

  crashes @3 (from :UInt64) -> (crashes :List(Summary), next :UInt64, lost :UInt64) $idempotent;
  # Up to 8 crashes, oldest first, from number "from" on; next is where to go on. init keeps the last 16: lost counts those that
  # were asked for and are gone. A crash is any end but exit with code 0, and being ended by restart or stop.

  crash @4 (number :UInt64) -> (crash :Crash) $idempotent;
  # All that is known of one. Errors: invalidArgument (number) when there is no such crash, or not any more.

  calls @5 (number :UInt64) -> (calls :List(ProcessHandle.Event)) $idempotent;
  # Its last events in the flight recorder, oldest first: at most 16, fewer if others have overwritten them. Errors: as crash.

  waitCrash @6 (number :UInt64) -> () $idempotent;
  # Completes when a crash of that number, or a later one, exists. Errors: overloaded when too many wait.

  restart @7 (name :Text) -> ();
  # Starts a supervised process anew, at once and with a clean count: ends it first if it runs, and takes it up again if it was
  # given up or stopped. Completes when it was started. Errors: invalidArgument (name); failed when its policy is never, or it
  # cannot be started.

  stop @8 (name :Text) -> ();
  # Ends a supervised process, until restart: meanwhile its clients' calls answer DISCONNECTED. Completes when it has ended.
  # Errors: invalidArgument (name); failed when its policy is never.

  enum State {
    running @0;
    waiting @1;
    # It has ended and will be started again at nextNs.
    ended @2;
    # For good, as its policy wants it.
    givenUp @3;
    # It has ended too often.
    stopped @4;
    # By stop.
    failed @5;
    # It could not be started.
  }

  struct Process {
    name @0 :Text;
    program @1 :Text;
    state @2 :State;
    policy @3 :Image.Restart.Policy;
    pid @4 :UInt32;
    # 0: it does not run.
    restarts @5 :UInt32;
    # Since boot.
    recent @6 :UInt32;
    # Those that count for the limit.
    sinceNs @7 :UInt64;
    # When the state began, nanoseconds since boot.
    nextNs @8 :UInt64;
    # waiting: when it is started again; otherwise 0.
  }

  struct Summary {
    number @0 :UInt64;
    # From 0 on.
    name @1 :Text;
    pid @2 :UInt32;
    timeNs @3 :UInt64;
    # When init heard of it, nanoseconds since boot.
    reason @4 :ProcessHandle.Exit.Reason;
    code @5 :Int64;
    # As in ProcessHandle.Exit.
    function @6 :Text;
    # Where it was: "crash_now+0x12"; empty if it did not fault or the place has no name.
  }

  struct Crash {
    number @0 :UInt64;
    name @1 :Text;
    program @2 :Text;
    pid @3 :UInt32;
    timeNs @4 :UInt64;
    exit @5 :ProcessHandle.Exit;
    loadAddress @6 :UInt64;
    # What was added to the program's addresses.
    registers @7 :List(ProcessHandle.Register);
    # At the fault; empty if it did not fault.
    backtrace @8 :List(Text);
    # One line a frame, innermost first: "0x... function+0x12". At most 16.
  }
}
