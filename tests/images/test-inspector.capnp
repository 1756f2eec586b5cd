# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8b97501eaf4ca96b;
# Who holds what and why: CapabilityManager's entries, and SystemInspector.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-inspector",
  testing = true,
  debug = true,
  processes = [
    (
      name = "test-inspector",
      program = "test-inspector",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "inspector", source = (kernel = systemInspector)),
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
