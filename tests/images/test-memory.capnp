# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe8c20d9f4b17a365;
# Address spaces and memory objects.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-memory",
  testing = true,
  processes = [
    (
      name = "test-memory",
      program = "test-memory",
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
