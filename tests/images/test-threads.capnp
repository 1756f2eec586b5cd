# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc5c31f91faa2ca2d;
# Threads of one process.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-threads",
  testing = true,
  processes = [
    (
      name = "test-threads",
      program = "test-threads",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "systemInfo", source = (kernel = systemInfo)),
      ],
      endsSystem = true,
    ),
  ],
);
