# SPDX-License-Identifier: MIT OR Apache-2.0
@0xce550b5b3afb10cb;
# The scaling benchmark (tests/bench/scale).

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench-scale",
  testing = true,
  processes = [
    (
      name = "bench-scale",
      program = "bench-scale",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
