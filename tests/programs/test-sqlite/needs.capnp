# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa92c5e7b31f0d648;
# What test-sqlite asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Crashes in the middle of SQLite's transactions.",
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
