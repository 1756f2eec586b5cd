# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe3a9d5f0417b2c68;
# What the benchmark of two CPUs asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Measures calls to another CPU, and a ring that is polled there.",
  grants = [
    (name = "console", interface = "Console", why = "the figures"),
    (name = "timer", interface = "Timer", why = "is called"),
    (name = "isolation", interface = "CpuIsolation", why = "a CPU of its own"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "an endpoint"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "stacks of threads"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "the other end"),
  ],
);
