# SPDX-License-Identifier: MIT OR Apache-2.0
@0x87d3c6f0a15be294;
# What test-ports asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Runs ported programs.",
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
    (name = "bootPackage", interface = "BootPackage", why = "programs"),
  ],
);
