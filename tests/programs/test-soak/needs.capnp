# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe1f6b0724c9d8a53;
# What test-soak asks for. Its children get what the test grants them.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Soak: a thousand processes and ten thousand endpoints, storms, and everything back.",
  grants = [
    (name = "console", interface = "Console", why = "Reports.", optional = true),
    (name = "timer", interface = "Timer", why = "Something to pass on.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes endpoints.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Memory to use up.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Children, by the thousand.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Nothing; as every test.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
);
