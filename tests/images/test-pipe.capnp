# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf9c719d9c7012c71;
# Shared memory between processes.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-pipe",
  testing = true,
  processes = [
    (
      name = "test-pipe",
      program = "test-pipe",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "sessions", source = (kernel = sessions)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
