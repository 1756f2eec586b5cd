# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc881c31f5eb9d96f;
# What the test of the scheduler asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests who gets how much of the CPUs.",
  grants = [
    (name = "console", interface = "Console", why = "to say how it went"),
    (name = "timer", interface = "Timer", why = "to wait"),
    (name = "systemInfo", interface = "SystemInfo", why = "how many CPUs there are"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "stacks of threads"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "threads that compete"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "endpoints, and handles with fewer methods"),
    (name = "schedulingPolicy", interface = "SchedulingPolicy", why = "to test it"),
  ],
);
