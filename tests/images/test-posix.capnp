# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7f4d05c3e8a1962;
# The C library and lib/posix over files in memory.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-posix",
  testing = true,
  processes = [
    (
      name = "ramfs",
      program = "ramfs",
      arguments = ["24"],
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
      ],
      exports = [(name = "root", interface = "Directory", key = 63)],
    ),
    (
      name = "test-posix",
      program = "test-posix",
      environment = [(name = "COLOUR", value = "red")],
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "stdio_5", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      endsSystem = true,
    ),
  ],
);
