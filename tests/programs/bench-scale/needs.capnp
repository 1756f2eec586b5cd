# SPDX-License-Identifier: MIT OR Apache-2.0
@0x92ecde3d4d495e6a;
# What the scaling benchmark asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Hashes 16 MiB with 1, 2, 4, ... workers, as threads and as processes.",
  grants = [
    (name = "console", interface = "Console", why = "the figures"),
    (name = "timer", interface = "Timer", why = "children are waited for", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "how many CPUs there are", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "stacks of threads"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "to start children", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "workers that are processes", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "workers that are threads", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "its own program", optional = true),
  ],
);
