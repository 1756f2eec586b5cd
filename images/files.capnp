# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9644d0cd01f098e1;
# A prompt with somewhere to keep things: files, blobs and names in memory. `make run IMAGE=files`

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "files",
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
      name = "ramfs",
      program = "ramfs",
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
        (name = "initial", source = (folder = "home")),
      ],
      exports = [(name = "home", interface = "Directory", key = 63)],
    ),
    (
      name = "store",
      program = "store",
      maxMessage = 8448,
      maxCaps = 16,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe"]),
        (name = "entropy", source = (kernel = entropy)),
      ],
      exports = [
        (name = "store", interface = "Store", key = 1),
        (name = "names", interface = "Namespace", key = 23),
      ],
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
        (name = "home", source = (export = (process = "ramfs", export = "home"))),
        (name = "store", source = (export = (process = "store", export = "store"))),
        (name = "names", source = (export = (process = "store", export = "names"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "log", source = (kernel = logReader)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "sessions", source = (kernel = sessions), only = ["create"]),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "attenuator", source = (export = (process = "attenuator", export = "attenuator"))),
        (name = "supervisor", source = (init = supervisor),
         only = ["image", "list", "status", "crashes", "crash", "calls", "waitCrash"]),
        (name = "power", source = (kernel = power), only = ["powerOff", "reboot"]),
      ],
    ),
  ],
  programs = ["agent", "hello"],
);
