# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd41f0c6f3b9ae258;
# One program that tests runtime, service loop and spawn library, with itself as child.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-runtime",
  testing = true,
  processes = [
    (
      name = "test-runtime",
      program = "test-runtime",
      arguments = ["one", "", "three"],
      environment = [(name = "COLOUR", value = "red"), (name = "EMPTY", value = "")],
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "systemInfo", source = (kernel = systemInfo)),
      ],
      endsSystem = true,
    ),
  ],
);
