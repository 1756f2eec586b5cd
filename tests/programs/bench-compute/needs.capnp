# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc489254533824330;
# What bench-compute asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Measures Lua and SQLite, computing.",
  stackBytes = 262144,
  grants = [
    (name = "console", interface = "Console", why = "results"),
    (name = "timer", interface = "Timer", why = "time"),
    (name = "entropy", interface = "EntropySource", why = "random numbers"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "malloc"),
  ],
);
