# SPDX-License-Identifier: MIT OR Apache-2.0
@0xda4c1f7e2b9058c6;
# What test-shell asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests the shell's language over processes, completion among many interfaces, and traces that are too fast.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "maker", interface = "Maker", why = "A server that hands out objects."),
    (name = "bootPackage", interface = "BootPackage", why = "The registry; programs."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "To read them; memory to capture into."),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Starts who is traced."),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts."),
    (name = "timer", interface = "Timer", why = "For who is traced."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "What the shell's host asks."),
  ],
  arenaBytes = 65536,
  submissions = 64,
);
