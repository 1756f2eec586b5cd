# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf5753e33adef172a;
# SystemInfo: what machine this is and how much of it is in use. Read-only.

interface SystemInfo @0xf392d67589ec2f14 {
  # Facts and counters about the machine and the kernel.

  get @0 () -> (system :Text, version :Text, architecture :Text, processor :Text, cpus :UInt32, memoryBytes :UInt64, bootNs :UInt64);
  # Fixed facts. memoryBytes is the RAM that the firmware named; bootNs the monotonic time at which init was started.

  counters @1 () -> (counters :Counters);
  # Momentary counts. Everything that waits for a quiescent moment is freed first, so that equal states give equal counts.

  cpu @2 (index :UInt32) -> (entries :UInt64, interrupts :UInt64, faults :UInt64, switches :UInt64, ipis :UInt64, idleNs :UInt64);
  # Counters of one CPU since boot. Errors: invalidArgument (field "index") when there is no such CPU.

  clock @3 () -> (ticksPerSecond :UInt64, uncertaintyPpm :UInt32, source :Text, event :Text);
  # The counter that monotonic time is computed from, how exactly its rate is known, what it was measured against (or who told), and what
  # wakes a CPU at a time.

  place @4 (index :UInt32) -> (package :UInt32, core :UInt32, thread :UInt32, hardwareId :UInt32);
  # Where a CPU sits: CPUs with the same package and core are threads of one core. hardwareId is the firmware's number (APIC id). Errors:
  # invalidArgument (field "index") when there is no such CPU.

  mitigations @5 (from :UInt32) -> (mitigations :List(Mitigation), next :UInt32);
  # Up to 4 of the mitigations of speculation that the kernel knows, from number "from" on; next is the number to go on from, 0 at the end.
  # The word mitigations=LIST of the kernel's command line chooses: auto, all or none, then names, each with "-" before it to turn it off.

  barriers @6 (index :UInt32) -> (count :UInt64);
  # How often that CPU kept one address space from the next by a barrier or an overwritten return stack, since boot; 0 when neither is on.
  # Errors: invalidArgument (field "index") when there is no such CPU.

  struct Mitigation {
    name @0 :Text;
    state @1 :State;
    forced @2 :Bool;
    # The command line said so.
    reason @3 :Text;

    enum State {
      off @0;
      # Turned off.
      on @1;
      notNeeded @2;
      # The processor does not have the flaw.
      unavailable @3;
      # Needed or asked for, and the processor offers no means.
    }
  }

  struct Counters {
    framesTotal @0 :UInt64;
    # 4 KiB frames that the allocator manages.
    framesFree @1 :UInt64;
    # Frames that are free, cached ones included.
    kernelObjects @2 :UInt64;
    # Allocated kernel objects and arrays of all kinds.
    entries @3 :UInt64;
    # Capability table entries in use, all processes together.
    processes @4 :UInt64;
    # Processes that have not been reaped.
    threads @5 :UInt64;
    # Threads that have not ended.
  }
}
