# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8f55ec3407e10b9b;
# CpuIsolation and CpuIsolationLease: a CPU for the threads of one holder, for a while.

interface CpuIsolation @0xed1fe1f7f3bf59f0 {
  # Gives CPUs out. Whoever holds it can take all but the one that boots from everybody else.

  preflight @0 (cpu :UInt32) -> (report :Report);
  # What a lease of this CPU would meet now; nothing is changed.

  take @1 (cpu :UInt32, durationNs :UInt64) -> (lease :CpuIsolationLease, expiresNs :UInt64);
  # Leaves the CPU to threads that are bound to the lease, for durationNs (at most an hour): others are moved away as soon as they stop
  # for a moment, new ones are not placed there, and it takes no work from other CPUs. It gives no CPU time: bound threads are accounted as
  # ever. Reserve one capability. Errors: invalidArgument (cpu, with preflight's reason; durationNs).

  revoke @2 (cpu :UInt32) -> (ended :Bool);
  # Ends the CPU's lease at once, whoever holds it. false: it had none. Errors: invalidArgument (cpu) when there is no such CPU.

  struct Report {
    verdict @0 :Verdict;
    housekeeping @1 :UInt32;
    # CPUs that would be left for everything else.
    runnable @2 :UInt32;
    # Threads that run or are queued there, who would move.
    timers @3 :Bool;
    # A timer is armed there, of whoever ran there: it fires there still.
    clockPpm @4 :UInt32;
    # How exactly the clock's rate is known by which the lease will expire and time is accounted.
    tickStops @5 :Bool;
    # Without a slice's timer while one bound thread is alone: always, on this kernel.
  }

  enum Verdict {
    accepted @0;
    noSuchCpu @1;
    housekeeping @2;
    # The CPU that boots has the devices' interrupts and is never leased, so that one is always left.
    leased @3;
    # One lease a CPU.
    reserved @4;
    # SchedulingContexts have been admitted there.
  }
}

interface CpuIsolationLease @0xf4c29804bd24dd6d {
  # One lease. It ends at its time, when it is revoked, or when the last capability to it goes; then the CPU is as any other, and
  # threads that were bound run anywhere.

  bind @0 () -> ();
  # The calling thread runs on the leased CPU from now on, and only there, until the lease ends or the capability through which it bound
  # itself is revoked. Errors: failed when the lease has ended.

  unbind @1 () -> ();
  # The calling thread runs on the others again.

  look @2 () -> (status :Status);
  # How it is, and what has happened.

  end @3 () -> ();
  # Ends it.

  poll @4 (idleNs :UInt64) -> ();
  # The calling thread, which is bound, does not wait in its cap_enter as long as the lease lives: on the leased CPU the kernel takes what
  # other threads of the process put into its queue, without an entry of theirs, and completes it. When nothing has come for idleNs (at
  # most a second) it waits as ever, and who submits wakes it (region.polled says when: docs/abi.md). 0: it polls no more. Errors:
  # invalidArgument (idleNs); failed when the thread is not bound to this lease, or that has ended.

  struct Status {
    cpu @0 :UInt32;
    state @1 :State;
    expiresNs @2 :UInt64;
    queued @3 :UInt32;
    # Threads that wait for this CPU.
    tickStopped @4 :Bool;
    # Now: one thread runs there, and no slice will interrupt it.
    tickStops @5 :UInt64;
    # How often it was stopped since boot, on this CPU,
    tickRestarts @6 :UInt64;
    # and how often it came back, because
    lastRestart @7 :Restart;
    interrupts @8 :UInt64;
    # Interrupts on this CPU since the lease began.
    switches @9 :UInt64;
    # Context switches there since then.
    polls @10 :UInt64;
    # How often a thread that polls found something, since then,
    pollSleeps @11 :UInt64;
    # and how often it went to wait.
  }

  enum State {
    active @0;
    expired @1;
    revoked @2;
    ended @3;
  }

  enum Restart {
    never @0;
    queued @1;
    # A second thread became runnable there.
    picked @2;
    # Another thread was picked with others queued.
    leaseEnded @3;
  }
}
