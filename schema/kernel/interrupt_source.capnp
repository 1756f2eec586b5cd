# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8c79ca68d6d108e7;
# InterruptSource: all interrupt lines of the machine, to be handed out one by one.

using import "interrupt.capnp".Interrupt;

interface InterruptSource @0x92fa27362db75b51 {
  # Held by init, which gives each driver the lines that the image grants it.

  line @0 (isa :UInt8) -> (interrupt :Interrupt);
  # The ISA interrupt line with that number, wherever the machine routes it. Errors: invalidArgument (field "isa") when there is
  # no such line or it is the kernel's own; failed when it has been given out.
}
