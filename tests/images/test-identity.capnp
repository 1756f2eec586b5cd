# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc1a5f07e92d364b8;
# A prompt that starts Unix programs in sessions.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-identity",
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
      exports = [
        (name = "console", interface = "Console", key = 1),
        (name = "session", interface = "TerminalSession", key = 2),
        (name = "stdio", interface = "StdIO", key = 3),
      ],
      maxMessage = 2048,
    ),
    (
      name = "prompt",
      program = "prompt",
      grants = [
        (name = "console", source = (export = (process = "terminal", export = "console"))),
        (name = "session", source = (export = (process = "terminal", export = "session"))),
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "sessions", source = (kernel = sessions), only = ["create"]),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "power", source = (kernel = power)),
      ],
      endsSystem = true,
    ),
  ],
  programs = ["toybox", "id", "whoami", "logname", "groups"],
);
