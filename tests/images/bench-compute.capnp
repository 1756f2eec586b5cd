# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd642f1dc49d80193;
# What computing costs.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench-compute",
  testing = true,
  processes = [
    (
      name = "bench-compute",
      program = "bench-compute",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      endsSystem = true,
    ),
  ],
);
