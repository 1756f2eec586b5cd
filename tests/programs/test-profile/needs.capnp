# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf50e5827dc90c217;
# What test-profile asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests the profiler; with the argument burn it is what is profiled.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Is called in a loop.", optional = true),
    (name = "profiler", interface = "Profiler", why = "Is tested.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Memory for samples.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts what stays.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Takes methods away.", optional = true),
  ],
);
