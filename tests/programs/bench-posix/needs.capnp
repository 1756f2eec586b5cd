# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe5a08c7f3d91b246;
# What bench-posix asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Measures POSIX operations.",
  stackBytes = 262144,
  arenaBytes = 32768,
  grants = [
    (name = "console", interface = "Console", why = "results"),
    (name = "root", interface = "Directory", why = "files"),
    (name = "cwd", interface = "Directory", why = "the working directory"),
    (name = "timer", interface = "Timer", why = "time"),
    (name = "entropy", interface = "EntropySource", why = "seeds"),
    (name = "pipes", interface = "PipeFactory", why = "pipes"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "malloc"),
    (name = "processSpawner", interface = "ProcessSpawner", why = "programs, fork"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "threads"),
    (name = "bootPackage", interface = "BootPackage", why = "programs"),
  ],
);
