# SPDX-License-Identifier: MIT OR Apache-2.0
@0xbbba50e6b77823ac;
# What test-pipe asks for. Its children get one end of something, and their own address space.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests shared memory between processes: streams, pipes, buffers.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes notifications and endpoints, attenuates.",
     optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Makes and maps what is shared.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Children.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Several threads at one end.", optional = true),
    (name = "sessions", interface = "SessionFactory", why = "Children of another session.", optional = true),
    (name = "factory", interface = "PipeFactory", why = "Of a child: makes pipes.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
  arenaBytes = 32768,
);
