# SPDX-License-Identifier: MIT OR Apache-2.0
@0x90b77403ec4b5399;
# Something that is busy in a known way, the program profile, and what tests the profiler itself.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-profile",
  testing = true,
  debug = true,
  processes = [
    (
      name = "burner",
      program = "test-profile",
      arguments = ["burn"],
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
      ],
    ),
    (
      name = "profile",
      program = "profile",
      arguments = ["1000", "1000"],
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "profiler", source = (kernel = profiler)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
    ),
    (
      name = "test-profile",
      program = "test-profile",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "profiler", source = (kernel = profiler)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
      ],
      endsSystem = true,
    ),
  ],
);
