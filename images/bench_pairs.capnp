# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7e0492ad1f53c68;
# Two independent pairs of client and server: what `make bench-pairs` boots.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "bench_pairs",
  testing = true,
  processes = [
    (
      name = "server1",
      program = "bench_server",
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      exports = [(name = "bench", interface = "Bench", key = 1)],
      maxMessage = 256,
    ),
    (
      name = "server2",
      program = "bench_server",
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      exports = [(name = "bench", interface = "Bench", key = 1)],
      maxMessage = 256,
    ),
    (
      name = "second",
      program = "bench_pair",
      arguments = ["second"],
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "server", source = (export = (process = "server2", export = "bench"))),
      ],
    ),
    (
      name = "first",
      program = "bench_pair",
      arguments = ["first"],
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
        (name = "server", source = (export = (process = "server1", export = "bench"))),
      ],
      endsSystem = true,
    ),
  ],
);
