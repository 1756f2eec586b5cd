# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf5257d20c268287b;
# Timer: the monotonic clock.

using import "notification.capnp".Notification;

interface Timer @0xfcfe4c9238e4c87b {
  # Monotonic time and sleeping.

  now @0 () -> (ns :UInt64);
  # Nanoseconds since boot.

  sleep @1 (ns :UInt64) -> ();
  # Completes after ns nanoseconds; CANCEL ends it early with the status CANCELLED. 0 completes at once.

  sleepUntil @2 (deadlineNs :UInt64) -> ();
  # Completes when the monotonic clock has reached deadlineNs; at once if that is past.

  signal @3 (deadlineNs :UInt64, notification :Notification, bits :UInt64) -> ();
  # As sleepUntil, and sets bits (0 = all of the facet's mask) in the notification's word before it completes: so a program waits for
  # time, devices and other processes with one WAIT. CANCEL ends it without setting anything. Errors: invalidArgument when it is no
  # Notification with the method signal, a bit is outside its mask, or both this Timer and the notification are revocable.
}
