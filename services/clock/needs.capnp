# SPDX-License-Identifier: MIT OR Apache-2.0
@0xbc25501a498ff42d;
# What the clock asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Knows what time it is in the world.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "To receive calls."),
    (name = "ports", interface = "IoPort", why = "The machine's real-time clock.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "How far the machine's counter may be off.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "A thread watches for the edge of a second.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "That thread's stack.", optional = true),
  ],
);
