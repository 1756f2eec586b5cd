# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd7b40c92e85f316a;
# What Unix programs do with several things at a time, at a terminal, over files in memory and pipes.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-unix",
  testing = true,
  processes = [
    (
      name = "terminal",
      program = "terminal",
      grants = [
        (name = "ports", source = (ioPorts = (first = 0x3f8, count = 8))),
        (name = "interrupt", source = (interrupt = 4)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["createNotification"]),
      ],
      exports = [(name = "stdio", interface = "StdIO", key = 3)],
      maxMessage = 2048,
    ),
    (
      name = "ramfs",
      program = "ramfs",
      arguments = ["8"],
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
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
      name = "test-unix",
      program = "test-unix",
      grants = [
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "stdio_5", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "cwd", source = (export = (process = "ramfs", export = "root"))),
        (name = "pipes", source = (export = (process = "pipes", export = "pipes"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["attenuate"]),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
  programs = ["dash"],
);
