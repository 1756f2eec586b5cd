# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf7c1e60b9a45d823;
# What POSIX operations cost.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench-posix",
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
        (name = "initial", source = (folder = "unix")),
      ],
      exports = [(name = "root", interface = "Directory", key = 63)],
    ),
    (
      name = "pipes",
      program = "pipes",
      maxMessage = 4352,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe"]),
      ],
      exports = [(name = "pipes", interface = "PipeFactory", key = 1)],
    ),
    (
      name = "bench-posix",
      program = "bench-posix",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "cwd", source = (export = (process = "ramfs", export = "root"))),
        (name = "pipes", source = (export = (process = "pipes", export = "pipes"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
  programs = ["chello"],
);
