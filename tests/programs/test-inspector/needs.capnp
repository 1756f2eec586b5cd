# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9f27ddf35440c852;
# What test-inspector asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests what is told of capabilities, one's own and everybody's.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Is looked at.", optional = true),
    (name = "inspector", interface = "SystemInspector", why = "Is tested.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Is tested."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Maps the package, and threads' stacks.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Makes children.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "Holds the children's program.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts what children leave behind.", optional = true),
    (name = "handle", interface = "ProcessHandle", why = "Is found in the graph.", optional = true),
  ],
  submissions = 64,
  arenaBytes = 32768,
);
