# SPDX-License-Identifier: MIT OR Apache-2.0
@0xdcb676df7294224c;
# Services that end, and clients that go on.

using import "/schema/service/image.capnp".Image;

const exports :List(Image.Export) = [(name = "crasher", interface = "Crasher", key = 1)];
const timer :List(Image.Grant) = [(name = "timer", source = (kernel = timer))];

const image :Image = (
  name = "test-supervisor",
  testing = true,
  debug = true,
  processes = [
    (
      name = "steady",
      program = "crasher",
      grants = .timer,
      exports = .exports,
      restart = (policy = onFailure, delayMs = 20, maxDelayMs = 40, limit = 32, windowMs = 3600000),
      cpuTime = (budgetNs = 2000000, periodNs = 20000000),
    ),
    (
      name = "keeper",
      program = "crasher",
      grants = .timer,
      exports = .exports,
      restart = (policy = onFailure, delayMs = 10, maxDelayMs = 10, limit = 32, windowMs = 3600000, keepsObjects = true),
    ),
    (
      name = "fragile",
      program = "crasher",
      grants = .timer,
      exports = .exports,
      restart = (policy = always, delayMs = 10, maxDelayMs = 20, limit = 3, windowMs = 3600000),
    ),
    (
      name = "single",
      program = "crasher",
      grants = .timer,
      exports = .exports,
    ),
    (
      name = "loop",
      program = "crasher",
      arguments = ["loop"],
      exports = .exports,
      restart = (policy = onFailure, delayMs = 5, maxDelayMs = 20, limit = 4, windowMs = 3600000),
    ),
    (
      name = "test-supervisor",
      program = "test-supervisor",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "inspector", source = (kernel = systemInspector)),
        (name = "supervisor", source = (init = supervisor)),
        (name = "looker", source = (init = supervisor), only = ["list", "status", "crashes"]),
        (name = "steady", source = (export = (process = "steady", export = "crasher"))),
        (name = "keeper", source = (export = (process = "keeper", export = "crasher"))),
        (name = "fragile", source = (export = (process = "fragile", export = "crasher"))),
        (name = "single", source = (export = (process = "single", export = "crasher"))),
        (name = "loop", source = (export = (process = "loop", export = "crasher"))),
      ],
      endsSystem = true,
    ),
  ],
);
