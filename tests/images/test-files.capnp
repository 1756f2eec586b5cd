# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf2e0b65f4cbd831b;
# Files and directories in memory, and who tests them.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-files",
  testing = true,
  processes = [
    (
      name = "ramfs",
      program = "ramfs",
      arguments = ["32"],
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
      ],
      exports = [
        (name = "root", interface = "Directory", key = 63),
        (name = "view", interface = "Directory", key = 1),
      ],
    ),
    (
      name = "test-files",
      program = "test-files",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "view", source = (export = (process = "ramfs", export = "view"))),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "sessions", source = (kernel = sessions)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
