# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd58c27e04b91fa36;
# What test-quota asks for. Its children get what the test grants them.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests ledgers: services that take all they can get, and shares of a parent's own.",
  grants = [
    (name = "console", interface = "Console", why = "Reports.", optional = true),
    (name = "timer", interface = "Timer", why = "Something to pass on.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes endpoints.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Memory to use up.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Children, and their shares.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Callers.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
  arenaBytes = 32768,
);
