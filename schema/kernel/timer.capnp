# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf5257d20c268287b;
# Timer: the monotonic clock.

interface Timer @0xfcfe4c9238e4c87b {
  # Monotonic time and sleeping.

  now @0 () -> (ns :UInt64);
  # Nanoseconds since boot.

  sleep @1 (ns :UInt64) -> ();
  # Completes after ns nanoseconds; CANCEL ends it early with the status CANCELLED. 0 completes at once.

  sleepUntil @2 (deadlineNs :UInt64) -> ();
  # Completes when the monotonic clock has reached deadlineNs; at once if that is past.
}
