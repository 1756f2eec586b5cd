# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8f0b6e2d94c5a137;
# What test-ipc asks for. Its children get the console and a facet or endpoint of the test.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests calls between threads and processes.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Something to call and to pass on.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes endpoints.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks of threads; pipelined calls.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Children.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Callers.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
  arenaBytes = 32768,
);
