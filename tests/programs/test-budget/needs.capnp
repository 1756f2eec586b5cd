# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa7b1e63f0d92c845;
# What the test of scheduling contexts asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests CPU time by budget and period.",
  grants = [
    (name = "console", interface = "Console", why = "to say how it went"),
    (name = "timer", interface = "Timer", why = "to wait"),
    (name = "systemInfo", interface = "SystemInfo", why = "how many CPUs there are"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "stacks of threads"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "threads that compete"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "endpoints, notifications, and what is lent and revoked"),
    (name = "schedulingPolicy", interface = "SchedulingPolicy", why = "to test its contexts"),
  ],
);
