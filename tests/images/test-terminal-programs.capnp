# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd18e4b7c52f0a963;
# The terminal, and a program that uses it as a shell and its programs do.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-terminal-programs",
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
      name = "test-terminal",
      program = "test-terminal",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "screen", source = (export = (process = "terminal", export = "console"))),
        (name = "session", source = (export = (process = "terminal", export = "session"))),
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "timer", source = (kernel = timer)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      arguments = ["programs"],
      endsSystem = true,
    ),
  ],
);
