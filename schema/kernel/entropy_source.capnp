# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf3ecb53c8f6981a7;
# EntropySource: unpredictable bytes.

interface EntropySource @0xf8287ef66231fc24 {
  # Random bytes from the kernel's generator (BLAKE2b in counter mode, seeded from the processor and the boot's timing).

  fill @0 (count :UInt32) -> (bytes :Data);
  # count random bytes. Errors: invalidArgument (field "count") when count is 0 or above 256.
}
