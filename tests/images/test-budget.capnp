# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf1c0a85e2d7b3964;
# CPU time by budget and period, lent along calls.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-budget",
  testing = true,
  processes = [
    (
      name = "test-budget",
      program = "test-budget",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "schedulingPolicy", source = (kernel = schedulingPolicy)),
      ],
      endsSystem = true,
    ),
  ],
);
