# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9be4c06d17f2a835;
# Revocable Read, a demonstration: `make run IMAGE=revocable_read`.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "revocable_read",
  processes = [
    (
      name = "terminal",
      program = "terminal",
      grants = [
        (name = "ports", source = (ioPorts = (first = 0x3f8, count = 8))),
        (name = "interrupt", source = (interrupt = 4)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["createNotification"]),
      ],
      exports = [
        (name = "console", interface = "Console", key = 1),
        (name = "session", interface = "TerminalSession", key = 2),
        (name = "stdio", interface = "StdIO", key = 3),
      ],
      maxMessage = 2048,
    ),
    (
      name = "revocable_read",
      program = "revocable_read",
      grants = [
        (name = "console", source = (export = (process = "terminal", export = "console"))),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner), only = ["create"]),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
