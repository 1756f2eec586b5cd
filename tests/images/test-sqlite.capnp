# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd83f1b6a947ec205;
# SQLite over files in memory, and who crashes it.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-sqlite",
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
      name = "test-sqlite",
      program = "test-sqlite",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "cwd", source = (export = (process = "ramfs", export = "root"))),
        (name = "pipes", source = (export = (process = "pipes", export = "pipes"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
