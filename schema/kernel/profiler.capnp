# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9833c5e6837d0da4;
# Profiler: what all CPUs are doing, sampled.

using import "memory_object.capnp".MemoryObject;

interface Profiler @0xee43a2264484b076 {
  # Whoever holds this sees where every process is, and on whose behalf the kernel works. An image grants it only if it is a debug image.

  sample @0 (memory :MemoryObject, periodNs :UInt64, durationNs :UInt64) -> (endsNs :UInt64);
  # For durationNs (at most 60 s), each CPU writes a sample into memory each periodNs (at least 100,000), in the format of
  # abi/include/abi/profile.h; the call returns at once. memory: 1 to 512 pages, with the methods read and write; its pages stay its
  # owner's. It goes on to its end also if the caller does not. Errors: invalidArgument for each of the three; overloaded while another
  # profile is being taken.
}
