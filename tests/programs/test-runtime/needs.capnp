# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe3b8a5b0d7c1f642;
# What test-runtime asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests what programs stand on: runtime, service loop, spawn library.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Is called, waited for and cancelled."),
    (name = "entropy", interface = "EntropySource", why = "Places children.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes endpoints and notifications.",
     optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "The heap, and the stacks of threads.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Makes children.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "Holds the children's program.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts what children leave behind.", optional = true),
    (name = "absent", interface = "Timer", why = "Is not granted.", optional = true),
  ],
  arenaBytes = 16384,
);
