# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf71b5ac8d3e60249;
# What only an x86-64 processor can be tempted to.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-x86",
  testing = true,
  processes = [
    (
      name = "test-x86",
      program = "test-x86",
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
