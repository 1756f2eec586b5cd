# SPDX-License-Identifier: MIT OR Apache-2.0
@0xeedad805899e6587;
# What test-files asks for. Its children get a directory or a file, and their own address space.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests File and Directory, as ramfs serves them.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "root", interface = "Directory", why = "What is tested.", optional = true),
    (name = "view", interface = "Directory", why = "The same, for reading only.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts before and after.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Attenuates, makes notifications.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Buffers.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "Children.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Several at a time.", optional = true),
    (name = "sessions", interface = "SessionFactory", why = "Another session.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The program of its children.", optional = true),
  ],
  arenaBytes = 65536,
);
