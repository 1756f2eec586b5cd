# SPDX-License-Identifier: MIT OR Apache-2.0
@0xfbaf6e508af32421;
# Leases of CPUs.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-isolation",
  testing = true,
  debug = true,
  processes = [
    (
      name = "test-isolation",
      program = "test-isolation",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "isolation", source = (kernel = cpuIsolation)),
        (name = "inspector", source = (kernel = systemInspector)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      endsSystem = true,
    ),
  ],
);
