# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf4814126c9235b7d;
# What test-threads asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests threads and what they wait for each other with.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads.", optional = true),
    (name = "timer", interface = "Timer", why = "Children sleep in it.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Makes children.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "Holds the children's program.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts what threads leave behind.", optional = true),
  ],
);
