# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9e41d70b8c36a25f;
# Budgets on leased CPUs, and real-time islands.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-island",
  testing = true,
  processes = [
    (
      name = "test-island",
      program = "test-island",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "isolation", source = (kernel = cpuIsolation)),
        (name = "schedulingPolicy", source = (kernel = schedulingPolicy)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      endsSystem = true,
    ),
  ],
);
