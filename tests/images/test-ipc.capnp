# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9a1d7c3be84f0625;
# Calls between threads and processes.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-ipc",
  testing = true,
  processes = [
    (
      name = "test-ipc",
      program = "test-ipc",
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
