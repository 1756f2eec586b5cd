@@ID5@;
# The system: who runs, and who holds what. It is the security policy, too; `make report` prints it as a table.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "@NAME@",
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
      name = "@NAME@",
      program = "@NAME@",
      exports = [(name = "@NAME@", interface = "@TYPE@", key = 1)],
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
        (name = "entropy", source = (kernel = entropy)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "log", source = (kernel = logReader)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "power", source = (kernel = power), only = ["powerOff"]),
        (name = "@NAME@", source = (export = (process = "@NAME@", export = "@NAME@"))),
      ],
      restart = (policy = onFailure),
    ),
  ],
  programs = ["@NAME@_client", "hello"],
);
