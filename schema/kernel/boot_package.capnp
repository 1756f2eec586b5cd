# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf2b041c21a383ee0;
# BootPackage: what the boot loader loaded beside the kernel.

using import "memory_object.capnp".MemoryObject;

interface BootPackage @0xf162665e52f7ef2f {
  # Read-only access to the boot package (abi/package.h).

  memory @0 () -> (memory :MemoryObject, bytes :UInt64);
  # The whole package, readable and executable, not writable.

  commandLine @1 () -> (text :Text);
  # The boot command line, at most 255 bytes.
}
