# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf54de95986176faa;
# Interrupt: one interrupt line.

using import "notification.capnp".Notification;

interface Interrupt @0xf3c5d8d7c3cacaaf {
  # Delivers a device's interrupts as bits of a notification. The line is masked from each delivery until acknowledged.

  bind @0 (notification :Notification, bits :UInt64) -> ();
  # From now on each interrupt sets bits; replaces an earlier binding. It ends when the notification's
  # capability or this one, through which it was made, is revoked. The line starts masked: acknowledge opens it.
  # Errors: invalidArgument when the notification may not be signalled with these bits.

  acknowledge @1 () -> ();
  # The device has been served: unmasks the line.
}
