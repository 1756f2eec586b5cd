# SPDX-License-Identifier: MIT OR Apache-2.0
@0x85d9f03e7ab1c264;
# Processes that mean harm.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-hostile",
  testing = true,
  processes = [
    (
      name = "test-hostile",
      program = "test-hostile",
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
