# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb4e19d3c7f20a685;
# What test-session asks for. Its children get what the test grants them.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests sessions: on whose behalf processes run, who may know, where capabilities may go.",
  grants = [
    (name = "console", interface = "Console", why = "Reports.", optional = true),
    (name = "timer", interface = "Timer", why = "Something to call and to pass on.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes endpoints.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Opens the boot package.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Is tested.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
    (name = "sessions", interface = "SessionFactory", why = "Is tested.", optional = true),
  ],
  arenaBytes = 32768,
);
