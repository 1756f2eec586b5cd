# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd5a1f0c3b7e49268;
# SchedulingContext: a budget of CPU time in each period, for one thread and whoever serves its calls.

using import "notification.capnp".Notification;
using import "thread.capnp".ThreadHandle;

interface SchedulingContext @0xb3f86e2a9d51c704 {
  # A budget on one CPU, made by SchedulingPolicy.createContext. The thread that it is bound to runs there before all threads that have
  # none, until its budget is spent; then it waits for its next period. While it waits for a call, whoever serves that call runs on the
  # budget, and whoever serves a call of that one, up to eight. When the call is over, however it ends, the budget is the caller's again.
  # When the budget is spent in a server, the server goes on with its own time.
  #
  # It ends when its last capability goes. It gives nothing after its owner's session has ended, or the capability through which it was
  # bound was revoked.

  bind @0 (thread :ThreadHandle) -> ();
  # That thread is its owner. Errors: invalidArgument (thread) when it is no ThreadHandle with the method info; failed when it has an owner, the
  # thread has a context, or one of them has ended.

  bindSelf @1 () -> ();
  # The calling thread is. Errors: failed, as bind.

  unbind @2 () -> ();
  # Its owner has no context any more; its CPU time stays set aside.

  look @3 () -> (status :Status);
  # How it is.

  events @4 () -> (events :Events);
  # What has happened since this was called last; then it has not: one cell, in which events are counted.

  observe @5 (notification :Notification, bits :UInt64) -> ();
  # These bits are set whenever something happens that events tells, until the capability to the notification, or this one, through which it
  # was asked for, is revoked. Errors: invalidArgument (notification, bits).

  end @6 () -> ();
  # Its CPU time can be given to another; it gives nothing any more.

  struct Status {
    cpu @0 :UInt16;
    state @1 :State;
    budgetNs @2 :UInt64;
    periodNs @3 :UInt64;
    leftNs @4 :Int64;
    # Of the current period, when its thread was last picked or made way. Below 0: what was used too much, and will be missing.
    periodEndNs @5 :UInt64;
    periods @6 :UInt64;
    # That have begun.
    usedNs @7 :UInt64;
    # By anybody,
    lentNs @8 :UInt64;
    # and of that by servers.
    lends @9 :UInt64;
    # How often a server got it.
    depth @10 :UInt8;
    # How many have it now: the owner, its server, the server's server.
    share @11 :UInt32;
    # Of its CPU, in millionths,
    cpuShare @12 :UInt32;
    # and of all contexts there.
    leastWaitNs @13 :UInt64;
    # The shortest time for which its owner was ready and had budget, and did not run,
    mostWaitNs @14 :UInt64;
    # and the longest.
  }

  enum State {
    free @0;
    # It has no owner.
    bound @1;
    waiting @2;
    # Its owner waits for the next period.
    stale @3;
    # The owner's session has ended, or what it was bound through was revoked.
    ended @4;
  }

  struct Events {
    depleted @0 :UInt64;
    # How often its owner had to wait for the next period.
    overran @1 :UInt64;
    # How often the budget was spent before a call was over.
    tooDeep @2 :UInt64;
    # How often it was not lent on, because eight had it.
    lastNs @3 :UInt64;
    # When the last of these was.
  }
}
