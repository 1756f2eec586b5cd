# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc5d8e9a1743b20f6;
# What test-island asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests budgets on leased CPUs, and real-time islands.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Sleeps."),
    (name = "isolation", interface = "CpuIsolation", why = "Takes a CPU."),
    (name = "schedulingPolicy", interface = "SchedulingPolicy", why = "Is tested."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Lends, and revokes."),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts CPUs."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks."),
  ],
);
