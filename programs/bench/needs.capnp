# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa6b1f0f3d8f6407c;
# What bench asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Measures what the system costs.",
  grants = [
    (name = "console", interface = "Console", why = "to print the rows"),
    (name = "timer", interface = "Timer", why = "the kernel object that is called, duplicated and sent"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "makes the notifications"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "maps what is measured; stacks of threads"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "makes the threads that are measured"),
    (name = "processSpawner", interface = "ProcessSpawner", why = "makes the processes that are measured"),
    (name = "bootPackage", interface = "BootPackage", why = "holds the program that is started"),
    (name = "entropy", interface = "EntropySource", why = "places that program"),
    (name = "server", interface = "Bench", why = "the other side of calls"),
    (name = "serverLarge", interface = "Bench", why = "the same with room for large messages"),
    (name = "files", interface = "Directory", why = "files in memory"),
    (name = "systemInfo", interface = "SystemInfo", why = "how much memory they take"),
  ],
);
