# SPDX-License-Identifier: MIT OR Apache-2.0
@0x812796a895822fbc;
# What test-store asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests Store and Namespace.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "store", interface = "Store", why = "What is tested."),
    (name = "names", interface = "Namespace", why = "What is tested."),
    (name = "view", interface = "Namespace", why = "The same, for reading only.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes notifications, attenuates."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Buffers."),
    (name = "processSpawner", interface = "ProcessSpawner", why = "The counts' library asks for it.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The same.", optional = true),
  ],
  arenaBytes = 65536,
);
