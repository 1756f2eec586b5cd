# SPDX-License-Identifier: MIT OR Apache-2.0
@0xfba95d344216fd6a;
# ProcessHandle: a process, seen by who created it.

using import "scheduling_context.capnp".SchedulingContext;

interface ProcessHandle @0xf6e323647d7b445c {
  # Sets up, starts, watches and ends one process.

  info @0 () -> (pid :UInt32, name :Text, state :State, threads :UInt32, capabilities :UInt32, pages :UInt64, cpuNs :UInt64);
  # What it is and uses now.

  grant @1 (slot :UInt32, capability :Capability, note :UInt32) -> (id :UInt64);
  # Before start: puts a copy into slot (0 = the next free one) and returns its id in the child's table. The id of a slot that was
  # never used is known beforehand: generation 1. note is kept with it, for whoever asks why it is there (CapabilityManager.Entry). Errors: failed when the slot is taken or the process has started.

  start @2 (entry :UInt64, stack :UInt64, argument :UInt64, startMessage :UInt64, startMessageLength :UInt64, submissions :UInt32, arenaBytes :UInt32, context :SchedulingContext) -> ();
  # Starts the first thread at entry with its stack pointer at stack. submissions and arenaBytes choose its region's
  # geometry (0 = 32 and 8192). With a context the thread is its owner from its first instruction, as by SchedulingContext.bind; the process
  # needs no capability for that. When the thread ends the context has no owner, and can be given to another.
  # Errors: failed when it has started, or (context) that has an owner or has ended; invalidArgument for the geometry, and (context) when it
  # is no SchedulingContext with the method bind.

  wait @3 () -> (exit :Exit);
  # Completes when the process has ended.

  kill @4 (code :Int64) -> ();
  # Ends the process from outside; all its threads stop, its capabilities are dropped. No error if it has ended already.

  events @5 (from :UInt64) -> (events :List(Event), next :UInt64, lost :UInt64);
  # Up to 12 flight-recorder events of this process, CPU by CPU. from is where to begin: 0, or next of the call before, which is 2^64-1 when all
  # were read; lost counts those overwritten before they were read.

  backtrace @6 () -> (text :Text);
  # Where a process that ended by a fault was, one line a frame; empty if it did not fault.

  registers @7 () -> (registers :List(Register));
  # What a process that ended by a fault had in its registers then, in the machine's order; empty if it did not fault.

  interrupt @8 (bits :UInt64) -> ();
  # As ThreadHandle.interrupt, of the oldest of its threads: how one process tells another something in between (a signal).
  # Errors: invalidArgument; failed when it has not started, has ended, or that thread has no upcall entry.

  enum State {
    created @0;
    running @1;
    ended @2;
  }

  struct Exit {
    reason @0 :Reason;
    code @1 :Int64;
    # exit: what it passed; killed: what the killer passed; fault: the machine's vector.
    address @2 :UInt64;
    # fault: the address that could not be reached, or 0.
    instruction @3 :UInt64;
    # fault: where the program was.

    enum Reason {
      running @0;
      # It has not ended.
      exit @1;
      # It called exit, or its last thread ended.
      killed @2;
      # ProcessHandle.kill.
      pageFault @3;
      illegalInstruction @4;
      protectionFault @5;
      arithmetic @6;
      debugTrap @7;
      otherFault @8;
      protocol @9;
      # Its ring's indexes were impossible.
      outOfMemory @10;
      # A page that it touched could not be provided.
    }
  }

  struct Register {
    name @0 :Text;
    # As the architecture calls it: "rax".
    value @1 :UInt64;
  }

  struct Event {
    sequence @0 :UInt64;
    timeNs @1 :UInt64;
    interfaceId @2 :UInt64;
    method @3 :UInt16;
    kind @4 :UInt8;
    # 1 call, 2 delivered, 3 returned, 4 refused, 5 fault, 6 exit, 7 other operation (method = its number), 8 scheduling (method 1: from CPU
    # slot to CPU messageBytes; 2: class slot and weight messageBytes were set; 3: woken, and queued by CPU slot on CPU messageBytes, by or
    # while the thread whose number is the upper half of object, 0: nobody, of the process that is the lower; 4: made way on CPU slot. Who is
    # woken and run at once, in the waker's place, has no such event: the call, answer or operation that did it has one).
    status @5 :Int32;
    object @6 :UInt64;
    messageBytes @7 :UInt32;
    slot @8 :UInt32;
    # Slot of the capability used.
    thread @9 :UInt32;
    process @10 :UInt32;
  }
}
