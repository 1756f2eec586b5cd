# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7c4609e1d5a38f2;
# The default image for whoever looks for a fault: its prompt also sees what every process holds and calls (`make run IMAGE=debug`).

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "debug",
  debug = true,
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
      maxMessage = 2048, restart = (policy = onFailure),
    ),
    (
      name = "schemas",
      program = "schemas",
      grants = [
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["attenuate"]),
      ],
      exports = [(name = "schemas", interface = "SchemaRegistry", key = 1)],
    ),
    (
      name = "attenuator",
      program = "attenuator",
      grants = [
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      exports = [(name = "attenuator", interface = "Attenuator", key = 1)],
      maxMessage = 4096,
    ),
    (
      name = "prompt",
      program = "prompt",
      grants = [
        (name = "console", source = (export = (process = "terminal", export = "console"))),
        (name = "session", source = (export = (process = "terminal", export = "session"))),
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "log", source = (kernel = logReader)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "supervisor", source = (init = supervisor)),
        (name = "inspector", source = (kernel = systemInspector)),
        (name = "profiler", source = (kernel = profiler)),
        (name = "schedulingPolicy", source = (kernel = schedulingPolicy)),
        (name = "power", source = (kernel = power), only = ["powerOff", "reboot"]),
        (name = "schemas", source = (export = (process = "schemas", export = "schemas"))),
        (name = "attenuator", source = (export = (process = "attenuator", export = "attenuator"))),
      ],
      restart = (policy = onFailure),
    ),
  ],
  programs = ["hello", "profile", "counter"],
  files = ["demo.cap"],
);
