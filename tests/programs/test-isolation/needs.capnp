# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb923affde8709c07;
# What test-isolation asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests leases of CPUs.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Sleeps."),
    (name = "isolation", interface = "CpuIsolation", why = "Is tested."),
    (name = "inspector", interface = "SystemInspector", why = "Says who runs where.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts interrupts."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Lends a lease."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks."),
  ],
);
