# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf4646bd9c4112be4;
# Power: ends the machine.

interface Power @0xf8c5c7d38ff779ca {
  # Switches the machine off or restarts it.

  powerOff @0 () -> ();
  # Does not return when it works. Errors: failed when the machine offers no way.

  reboot @1 () -> ();
  # Does not return when it works.

  testExit @2 (code :UInt8) -> ();
  # Ends QEMU with the exit status 2 * code + 1, where a debug-exit device is present and the command line says debug-exit.
  # Errors: failed otherwise. Refused in shipped images.
}
