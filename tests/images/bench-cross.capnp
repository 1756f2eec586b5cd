# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb86f2d07c91ea354;
# The benchmark of two CPUs (tests/bench/cross).

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench-cross",
  testing = true,
  processes = [
    (
      name = "bench-cross",
      program = "bench-cross",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "isolation", source = (kernel = cpuIsolation)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      endsSystem = true,
    ),
  ],
);
