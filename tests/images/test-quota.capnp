# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc17f60a9be24d385;
# Ledgers, and services that take all they can get.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-quota",
  testing = true,
  processes = [
    (
      name = "test-quota",
      program = "test-quota",
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
