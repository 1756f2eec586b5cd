# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb1f7c92f9dd0e36e;
# What init asks for: it gets it from the kernel itself.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Starts the processes of the image and reports how they end.",
  grants = [
    (name = "console", interface = "Console", why = "to report how processes end"),
    (name = "bootPackage", interface = "BootPackage", why = "to read the image and its programs"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "to map the boot package"),
    (name = "processSpawner", interface = "ProcessSpawner", why = "to make the image's processes"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "to make endpoints and restrict grants"),
    (name = "power", interface = "Power", why = "to switch the machine off at the end"),
    (name = "entropy", interface = "EntropySource", why = "to place programs at random", optional = true),
    (name = "ioPorts", interface = "IoPort", why = "to grant drivers their ports", optional = true),
    (name = "interrupts", interface = "InterruptSource", why = "to grant drivers their interrupts", optional = true),
    (name = "timer", interface = "Timer", why = "to be granted", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "to be granted", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "to be granted", optional = true),
    (name = "logReader", interface = "LogReader", why = "to be granted", optional = true),
  ],
);
