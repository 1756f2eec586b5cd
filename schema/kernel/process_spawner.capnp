# SPDX-License-Identifier: MIT OR Apache-2.0
@0xffdaa4625828afc0;
# ProcessSpawner: makes processes.

using import "memory_object.capnp".MemoryObject;
using import "process_handle.capnp".ProcessHandle;
using import "session_context.capnp".SessionContext;
using import "virtual_memory.capnp".VirtualMemory;

interface ProcessSpawner @0xfdce8bfeaf9979f7 {
  # Creates empty processes; a library in user space fills them. The kernel parses no program files.

  create @0 (name :Text, limits :Limits, session :SessionContext, capture :MemoryObject) -> (process :ProcessHandle, space :VirtualMemory);
  # A process with an empty table, an empty address space and no thread. name (at most 31 bytes) is for logs and lists and grants nothing.
  # It belongs to the session given, a SessionContext with its method member, or, if there is none, to the caller's. Its ledger is
  # bounded by limits, 0 = the default.
  # capture, if given, must be writable: into it the kernel copies each call that the process makes, and its answer, both up to 192
  # bytes (abi/capture.h). Its pages (1 to 512) are committed now.
  # Until it is started it ends with the last capability to it, or with the caller.
  # Errors: invalidArgument for the name, the session or capture; failed when the session has ended; overloaded when the caller's
  # ledger has no process left.

  bounded @1 () -> (spawner :ProcessSpawner);
  # A spawner that gives children a share of what its caller has: the limits of each are taken out of the caller's own ledger (0 = half
  # of what is left there, at most the default) until the child has ended and nothing of it is left, its handles and memory that others
  # have of it included. create then fails with NO_QUOTA when there is not that much left. Whoever holds nothing but a bounded spawner
  # uses, with all its descendants, no more than its own limits.

  clone @2 (entry :UInt64, stack :UInt64, argument :UInt64, name :Text, limits :Limits, session :SessionContext, submissions :UInt32, arenaBytes :UInt32) -> (process :ProcessHandle);
  # A process like the caller, running: what fork is made of.
  # Memory: the same addresses. What belongs to the caller's address space (VirtualMemory.allocate, mapAs own or copyOnWrite: heap,
  # stacks, a program's data) is as it was when this was called, and from then on each has its own: pages are shared until one of the
  # two writes. What is mapped shared stays shared, what is lent stays lent. The caller's regions are not there.
  # Capabilities: the same ids, but for rights to receive at an Endpoint, and what a transfer scope keeps; those ids name nothing.
  # A VirtualMemory of the caller's own space names the clone's own. Calls in flight, answers kept and calls received are the caller's.
  # Threads: one, at entry with its stack pointer at stack and a region of its own, whose header has argument (thread_arg) and the
  # caller's start message; submissions and arenaBytes as for ProcessHandle.start.
  # name as in create, or empty for the caller's; limits and session as in create: all pages and capabilities are charged to the clone
  # at once, so that it never fails to write for want of quota. lib/runtime's runtime_clone does what has to be done at both ends.
  # Errors: as create; invalidArgument for entry, stack and geometry; the status NO_QUOTA when the limits are too small for what the
  # caller has, AGAIN when others hold much of what belongs to its address space.

  replace @3 (entry :UInt64, stack :UInt64, startMessage :UInt64, startMessageLength :UInt64, submissions :UInt32, arenaBytes :UInt32, address :UInt64, length :UInt64, keep :List(UInt64), name :Text) -> ();
  # The caller's process goes on as another program: what exec is made of. That program has been mapped into the process before, within
  # length bytes at address. Everything else goes: other mappings (also some that reach into that range only in part stay whole), all
  # capabilities but those whose ids keep lists (at most 96; ids that name nothing are ignored), and the calling thread, whose call never
  # completes. One thread begins at entry, as by ProcessHandle.start, with a region of its own. Number, handles, limits, session and
  # children are as they were; so is the name, unless another is given (at most 31 bytes).
  # All that can be refused is refused before anything goes. Calls that were received stay open until the process ends.
  # Errors: invalidArgument for entry, stack, geometry, keep and name; failed when the process has other threads, or other calls of
  # this one are in flight.

  struct Limits {
    pages @0 :UInt64;
    # 4 KiB frames: memory, page tables, regions. Default 16384 (64 MiB).
    capabilities @1 :UInt32;
    # Table entries. Default 1024.
    threads @2 :UInt32;
    # Default 64.
    calls @3 :UInt32;
    # Calls that it can have received and not yet returned. Default 64.
    objects @4 :UInt32;
    # Kernel objects. Default 4096.
    processes @5 :UInt32;
    # Children alive. Default 64.
  }
}
