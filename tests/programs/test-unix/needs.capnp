# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc3a1f58e2b6d9704;
# What test-unix asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests of poll, signals, mmap and the terminal of lib/posix.",
  stackBytes = 131072,
  grants = [
    (name = "stdio", interface = "StdIO", why = "the terminal"),
    (name = "stdio_5", interface = "Console", why = "results"),
    (name = "root", interface = "Directory", why = "files"),
    (name = "cwd", interface = "Directory", why = "the working directory"),
    (name = "timer", interface = "Timer", why = "time"),
    (name = "entropy", interface = "EntropySource", why = "seeds"),
    (name = "pipes", interface = "PipeFactory", why = "pipes"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory"),
    (name = "processSpawner", interface = "ProcessSpawner", why = "programs, fork"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "threads"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "that what it starts may signal it"),
    (name = "bootPackage", interface = "BootPackage", why = "programs"),
  ],
);
