# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe27c05f9d1b3a846;
# One program that decides on whose behalf its children run.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-session",
  testing = true,
  processes = [
    (
      name = "test-session",
      program = "test-session",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "sessions", source = (kernel = sessions)),
      ],
      endsSystem = true,
    ),
  ],
);
