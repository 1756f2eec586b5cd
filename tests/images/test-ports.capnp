# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa95e7d24f3c8b061;
# Ported programs, and who runs them.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-ports",
  testing = true,
  processes = [
    (
      name = "ramfs",
      program = "ramfs",
      arguments = ["24"],
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
      name = "test-ports",
      program = "test-ports",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "root", source = (export = (process = "ramfs", export = "root"))),
        (name = "cwd", source = (export = (process = "ramfs", export = "root"))),
        (name = "pipes", source = (export = (process = "pipes", export = "pipes"))),
        (name = "timer", source = (kernel = timer)),
        (name = "entropy", source = (kernel = entropy)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
  programs = [
    "lua", "mujs", "minigzip", "sqlite3", "dash", "awk", "toybox", "base64", "basename", "cal", "cat", "chmod",
    "cksum", "clear", "cmp", "comm", "cp", "cut", "date", "dd", "diff", "dirname", "du", "echo", "egrep", "env",
    "expand", "expr", "false", "fgrep", "find", "fold", "grep", "groups", "head", "hexdump", "id", "kill", "less",
    "ln", "logname", "ls", "md5sum", "mkdir", "mktemp", "more", "mv", "nl", "od", "paste", "patch", "printenv",
    "printf", "pwd", "readlink", "realpath", "rev", "rm", "rmdir", "sed", "seq", "sha1sum", "sha256sum", "sleep",
    "sort", "split", "stat", "strings", "tac", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true",
    "truncate", "tty", "uname", "uniq", "unlink", "vi", "wc", "which", "whoami", "xargs", "xxd", "yes",
  ],
);
