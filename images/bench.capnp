# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc30b8ee96a7f1d25;
# What `make bench` boots: the measuring program and the servers that it calls. Rows go to the kernel's log.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench",
  testing = true,
  processes = [
    (
      name = "server",
      program = "bench_server",
      maxMessage = 256,
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      exports = [(name = "bench", interface = "Bench", key = 1)],
    ),
    (
      name = "serverLarge",
      program = "bench_server",
      arguments = ["large"],
      maxMessage = 4096,
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      exports = [(name = "bench", interface = "Bench", key = 1)],
    ),
    (
      name = "ramfs",
      program = "ramfs",
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
      ],
      exports = [(name = "root", interface = "Directory", key = 63)],
    ),
    (
      name = "bench",
      program = "bench",
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "timer", source = (kernel = timer)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "server", source = (export = (process = "server", export = "bench"))),
        (name = "serverLarge", source = (export = (process = "serverLarge", export = "bench"))),
        (name = "files", source = (export = (process = "ramfs", export = "root"))),
        (name = "systemInfo", source = (kernel = systemInfo)),
      ],
      limits = (capabilities = 4096),
      endsSystem = true,
    ),
  ],
  programs = ["bench_tiny", "hello-waits"],
);
