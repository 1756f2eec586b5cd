# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa7c5d0e3f1b29486;
# What test-objects asks for: one of each.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Calls every method of every kernel object, and provokes every documented error.",
  grants = [
    (name = "console", interface = "Console", why = "Reports, and is tested."),
    (name = "timer", interface = "Timer", why = "Is tested."),
    (name = "entropy", interface = "EntropySource", why = "Is tested."),
    (name = "systemInfo", interface = "SystemInfo", why = "Is tested."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Is tested."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Makes memory objects."),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Makes a process to grant to."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Is tested."),
    (name = "log", interface = "LogReader", why = "Is tested."),
    (name = "bootPackage", interface = "BootPackage", why = "Is tested."),
    (name = "power", interface = "Power", why = "Is tested, attenuated."),
    (name = "ports", interface = "IoPort", why = "Is tested on a UART's scratch register."),
  ],
);
