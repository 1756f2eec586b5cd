# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd0a7e41b6c58f293;
# Processes: how they begin, how they end, and that nobody else notices.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-process",
  testing = true,
  processes = [
    (
      name = "test-process",
      program = "test-process",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "schedulingPolicy", source = (kernel = schedulingPolicy)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
