# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe7903b5cf1a824d6;
# The shell's language over a server, and programs to trace.

using import "/schema/service/image.capnp".Image;

const console :Image.Grant = (name = "console", source = (kernel = console));

const image :Image = (
  name = "test-shell",
  testing = true,
  processes = [
    (
      name = "maker",
      program = "maker",
      grants = [.console],
      exports = [(name = "maker", interface = "Maker", key = 1)],
    ),
    (
      name = "test-shell",
      program = "test-shell",
      grants = [
        .console,
        (name = "maker", source = (export = (process = "maker", export = "maker"))),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "timer", source = (kernel = timer)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
      ],
      endsSystem = true,
    ),
  ],
  programs = ["pace"],
);
