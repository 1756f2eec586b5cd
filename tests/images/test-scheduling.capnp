# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9e3b49ce105c3b8d;
# Who gets how much of the CPUs, and how soon.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-scheduling",
  testing = true,
  processes = [
    (
      name = "test-scheduling",
      program = "test-scheduling",
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
