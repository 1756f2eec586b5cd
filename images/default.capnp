# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe1a4f1d5c8b20397;
# What `make run` boots: a terminal on the first serial line, and a prompt on it.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "default",
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
      name = "clock",
      program = "clock",
      grants = [
        (name = "ports", source = (ioPorts = (first = 0x70, count = 2))),
        (name = "systemInfo", source = (kernel = systemInfo), only = ["clock"]),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      exports = [
        (name = "clock", interface = "WallClock", key = 1),
        (name = "setting", interface = "WallClockSetting", key = 2),
      ],
      restart = (policy = onFailure),
    ),
    (
      name = "prompt",
      program = "prompt",
      grants = [
        (name = "console", source = (export = (process = "terminal", export = "console"))),
        (name = "session", source = (export = (process = "terminal", export = "session"))),
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "timer", source = (kernel = timer)),
        (name = "wallClock", source = (export = (process = "clock", export = "clock"))),
        (name = "wallClockSetting", source = (export = (process = "clock", export = "setting"))),
        (name = "entropy", source = (kernel = entropy)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "log", source = (kernel = logReader)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "sessions", source = (kernel = sessions), only = ["create"]),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "supervisor", source = (init = supervisor),
         only = ["image", "list", "status", "crashes", "crash", "calls", "waitCrash"]),
        (name = "power", source = (kernel = power), only = ["powerOff", "reboot"]),
        (name = "schemas", source = (export = (process = "schemas", export = "schemas"))),
        (name = "attenuator", source = (export = (process = "attenuator", export = "attenuator"))),
      ],
      restart = (policy = onFailure),
    ),
  ],
  programs = ["hello", "counter"],
  files = ["demo.cap"],
);
