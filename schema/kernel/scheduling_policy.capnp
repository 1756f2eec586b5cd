# SPDX-License-Identifier: MIT OR Apache-2.0
@0xcd32c31ccf3d3ebf;
# SchedulingPolicy: who gets how much of the CPUs, and how soon.

using import "cpu_isolation.capnp".CpuIsolationLease;
using import "process_handle.capnp".ProcessHandle;
using import "realtime_island.capnp".RealtimeIsland;
using import "scheduling_context.capnp".SchedulingContext;
using import "thread.capnp".ThreadHandle;

interface SchedulingPolicy @0xdbff02833f17c0bf {
  # The only way to change a thread's weight or latency class. Nobody has it unless an image grants it; without it every thread has
  # weight 1024 and the class normal.
  #
  # Threads that want the CPU share it in proportion to their weights. The class says how soon one runs that was waiting, and how long
  # it then runs before others are looked at; never how much it gets.

  setThread @0 (thread :ThreadHandle, weight :UInt32, class :Class) -> ();
  # weight: 16 to 65536. In force when the thread next waits or makes way. Errors: invalidArgument (weight, class, or thread when it is no
  # ThreadHandle with the method info).

  setProcess @1 (process :ProcessHandle, weight :UInt32, class :Class) -> ();
  # The same for all threads of a process, and for those that it makes from now on: each of them has the weight. Errors: as setThread;
  # invalidArgument (process) when it is no ProcessHandle with the method kill.

  thread @2 (thread :ThreadHandle) -> (figures :Figures);
  # What it has, and what became of it. Errors: invalidArgument (thread).

  createContext @3 (budgetNs :UInt64, periodNs :UInt64, cpu :Int32 = -1, lease :CpuIsolationLease) -> (context :SchedulingContext);
  # CPU time set aside: budgetNs in each periodNs, on a CPU (-1: this one, or that with most room). All contexts of a CPU together get at
  # most three quarters of it. With a lease it is that CPU, to which the owner is then bound, and the context gives nothing any more when the
  # lease has ended or this capability to it is revoked. Reserve one capability. Errors: invalidArgument (budgetNs: 100 microseconds to
  # periodNs; periodNs: a millisecond to ten seconds; cpu; lease when it is no CpuIsolationLease with the method bind), overloaded
  # when it does not fit there, or the lease has ended.

  createIsland @4 (lease :CpuIsolationLease, tasks :List(Task)) -> (island :RealtimeIsland);
  # As many contexts (at most eight) on a leased CPU, all or none, checked together: by earliest end of period first, each gets its budget in
  # each of its periods, even if the kernel keeps the CPU for blockingNs at the worst moment, and with switchNs for each time that one
  # begins. They may use all of the CPU that is left then; no others are made under the lease. Reserve one capability. Errors:
  # invalidArgument (lease; tasks: none, or too many; budgetNs, periodNs), overloaded (tasks) when they do not fit, or (lease) when it has
  # ended or has contexts.

  const blockingNs :UInt64 = 100000;
  # What one instruction each nanosecond makes of the longest time for which interrupts are off (tests/stretch).
  const switchNs :UInt64 = 5000;

  struct Task {
    budgetNs @0 :UInt64;
    periodNs @1 :UInt64;
  }

  enum Class {
    normal @0;
    interactive @1;
    # Runs at once when it wakes, if it is behind who runs.
    batch @2;
    # Long slices; never ahead of others when it wakes.
  }

  struct Figures {
    weight @0 :UInt32;
    class @1 :Class;
    cpuNs @2 :UInt64;
    wakeUps @3 :UInt64;
    # How often it came to run after a wait.
    preemptions @4 :UInt64;
    # How often it made way while it could have gone on.
    migrations @5 :UInt64;
    # How often it came to another CPU.
    cpu @6 :UInt16;
    # Where it runs or ran last.
  }
}
