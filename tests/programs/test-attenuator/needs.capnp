# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc9f300363d0b4792;
# What test-attenuator asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests capabilities that were narrowed by rules.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Is wrapped."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Is wrapped, and describes what came.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "The stacks of threads.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads, which call at the same time.", optional = true),
    (name = "attenuator", interface = "Attenuator", why = "Is tested."),
    (name = "steady", interface = "Crasher", why = "Is wrapped; has objects, and ends.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Another client.", optional = true),
    (name = "sessions", interface = "SessionFactory", why = "Which has a session of its own.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "Its program.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Belongs to tests that start processes.", optional = true),
  ],
  submissions = 64,
  arenaBytes = 65536,
);
