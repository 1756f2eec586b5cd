# SPDX-License-Identifier: MIT OR Apache-2.0
@0xdf06a41b83c7529e;
# A Unix shell on the terminal (dash), with toybox's commands and ported programs beside it, over files in memory. Its root is all the world there is.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "unix",
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
      name = "ramfs",
      program = "ramfs",
      maxMessage = 8448,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe", "attenuate", "makeRevocable"]),
        (name = "entropy", source = (kernel = entropy)),
        (name = "initial", source = (folder = "unix")),
      ],
      exports = [(name = "root", interface = "Directory", key = 63)],
    ),
    (
      name = "pipes",
      program = "pipes",
      maxMessage = 4352,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe"]),
      ],
      exports = [(name = "pipes", interface = "PipeFactory", key = 1)],
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
      exports = [(name = "clock", interface = "WallClock", key = 1), (name = "setting", interface = "WallClockSetting", key = 2)],
      restart = (policy = onFailure),
    ),
    (
      name = "sh",
      program = "dash",
      arguments = ["-i"],
      environment = [(name = "PATH", value = "/bin"), (name = "PS1", value = "$ "), (name = "HOME", value = "/")],
      grants = [
        (name = "stdio", source = (export = (process = "terminal", export = "stdio"))),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "cwd", source = (export = (process = "ramfs", export = "root"))),
        (name = "pipes", source = (export = (process = "pipes", export = "pipes"))),
        (name = "timer", source = (kernel = timer)),
        (name = "wallClock", source = (export = (process = "clock", export = "clock"))),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        # That what it starts may signal it (kill $PPID).
        (name = "threadSpawner", source = (kernel = threadSpawner), only = ["current"]),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["attenuate"]),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
  programs = [
    "lua", "mujs", "minigzip", "sqlite3", "chello", "speedtest1", "fuzzcheck", "awk", "toybox", "base64", "basename", "cal",
    "cat", "chmod", "cksum", "clear", "cmp", "comm", "cp", "cut", "date", "dd", "diff", "dirname", "du", "echo",
    "egrep", "env", "expand", "expr", "factor", "false", "fgrep", "file", "find", "fold", "grep", "groups", "gunzip", "gzip", "head", "hexdump",
    "id",
    "kill", "less", "ln", "logname", "ls", "md5sum", "mkdir", "mktemp", "more", "mv", "nl", "nproc", "od", "paste", "patch",
    "printenv", "printf", "pwd", "readlink", "realpath", "rev", "rm", "rmdir", "sed", "seq", "sha1sum", "sha256sum",
    "sleep", "sort", "split", "stat", "strings", "tac", "tail", "tar", "tee", "test", "time", "timeout", "touch", "tr",
    "true", "truncate", "tty", "uname", "uniq", "unlink", "vi", "wc", "which", "whoami", "xargs", "xxd", "yes", "zcat",
  ],
);
