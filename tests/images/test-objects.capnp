# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc48e3d1f7a60b592;
# One program that holds one of each kernel object, and tests them.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-objects",
  testing = true,
  processes = [
    (
      name = "test-objects",
      program = "test-objects",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "log", source = (kernel = logReader)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "power", source = (kernel = testPower), only = ["testExit"]),
        (name = "ports", source = (ioPorts = (first = 0x3f8, count = 8))),
      ],
      endsSystem = true,
    ),
  ],
);
