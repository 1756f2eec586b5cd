# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8c3fdb923efad7a0;
# What profile asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Samples what all CPUs do, and prints it for tools/flame. Arguments: milliseconds, samples a second.",
  grants = [
    (name = "console", interface = "Console", why = "to print the samples"),
    (name = "profiler", interface = "Profiler", why = "to have them taken"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "for the memory that they are written into"),
  ],
);
