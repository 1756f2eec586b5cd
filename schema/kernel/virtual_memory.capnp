# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf3cc79aa8bb929e5;
# VirtualMemory: one process's address space.

using import "memory_object.capnp".MemoryObject;

interface VirtualMemory @0xf2755b2e62b0334c {
  # Maps memory into one process's address space, and creates memory charged to that process. Addresses and lengths are
  # multiples of 4096. No mapping is writable and executable.

  createMemory @0 (bytes :UInt64) -> (memory :MemoryObject);
  # New zeroed memory, rounded up to whole pages; pages are taken and charged when first touched.
  # Errors: invalidArgument when bytes is 0 or above 512 GiB.

  map @1 (memory :MemoryObject, offset :UInt64, length :UInt64, address :UInt64, protection :Protection) -> (address :UInt64);
  # Maps length bytes of memory from offset. address 0 lets the kernel choose; otherwise exactly there.
  # Errors: invalidArgument (field) for a value that is not page-aligned or out of range, failed (field "address") when
  # something is mapped there, invalidArgument (field "protection") when the capability lacks the method that it needs.

  unmap @2 (address :UInt64, length :UInt64) -> ();
  # Removes mappings, or parts of them. Errors: invalidArgument when a page of the range is not mapped.

  protect @3 (address :UInt64, length :UInt64, protection :Protection) -> ();
  # Changes the protection of mapped pages; it can never be widened beyond what map was given. With none they are kept, and touching one
  # is a page fault.
  # Errors: invalidArgument as for unmap, or when it would widen.

  allocate @4 (length :UInt64, address :UInt64) -> (address :UInt64);
  # createMemory and map in one: zeroed, readable, writable, freed by unmap. Pages are committed, and charged, when they are
  # first touched; a single page at once, so that quota shows here.

  mapAs @5 (memory :MemoryObject, offset :UInt64, length :UInt64, address :UInt64, protection :Protection, sharing :Sharing) -> (address :UInt64);
  # As map, which is mapAs with sharing = shared.
  # Errors: as map; invalidArgument (field "sharing").

  commit @6 (address :UInt64, length :UInt64) -> ();
  # Takes now what touching that range (at most 262144 bytes) would take: its pages, charged to who made the memory, its page tables,
  # charged to this process, and where a copy-on-write mapping may be written, the copies. Until it is unmapped, protected anew or cloned,
  # touching it as its protection allows never faults for want of memory.
  # Fails with NO_QUOTA or NO_MEMORY (status); what was taken up to there stays. Errors: invalidArgument as for unmap, when
  # length is too large, or when a page of the range is protected with none.

  enum Protection {
    read @0;
    readWrite @1;
    readExecute @2;
    none @3;
    # For protect only.
  }

  enum Sharing {
    shared @0;
    # What is written reaches the memory, and everybody who maps it. A clone of the process (ProcessSpawner.clone) maps it, too.
    own @1;
    # As shared; but it belongs to this address space, and a clone gets a copy. What allocate makes is like that. Fit for memory that
    # nobody else keeps: stacks, heaps, a program's data.
    copyOnWrite @2;
    # What is written stays here: the first write to a page copies it, charged to this process. Pages that were not written show the
    # memory as it is now. Needs no method write, whatever the protection. A clone gets a copy.
  }
}
