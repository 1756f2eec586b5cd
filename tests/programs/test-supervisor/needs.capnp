# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8f5e7d83197a0985;
# What test-supervisor asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests supervision: restarts, crash records, and what clients see of them.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Waits."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "The stacks of threads."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Makes threads, which call at the same time."),
    (name = "inspector", interface = "SystemInspector", why = "Shows who has CPU time."),
    (name = "supervisor", interface = "Supervisor", why = "Is tested."),
    (name = "looker", interface = "Supervisor", why = "The same, to look at only."),
    (name = "steady", interface = "Crasher", why = "Ends and comes back."),
    (name = "keeper", interface = "Crasher", why = "Ends and comes back, with its objects."),
    (name = "fragile", interface = "Crasher", why = "Ends too often."),
    (name = "single", interface = "Crasher", why = "Ends for good."),
    (name = "loop", interface = "Crasher", why = "Never gets as far as to serve."),
  ],
  submissions = 64,
  arenaBytes = 65536,
);
