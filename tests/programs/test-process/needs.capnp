# SPDX-License-Identifier: MIT OR Apache-2.0
@0xbe5f90a1c7d32846;
# What test-process asks for; its children get some of it.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests processes: how they begin and how they end.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Time for children.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "For children that use it up.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Maps the boot package.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Is tested.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Threads of children.", optional = true),
    (name = "schedulingPolicy", interface = "SchedulingPolicy", why = "Sets CPU time aside for children.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
);
