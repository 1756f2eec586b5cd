# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb8d3419f06a7e25d;
# Many processes, many endpoints, storms; its argument is how many seconds of them (make soak SECONDS=N).

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-soak",
  testing = true,
  processes = [
    (
      name = "test-soak",
      program = "test-soak",
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
      arguments = ["10"],
      endsSystem = true,
    ),
  ],
);
