# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd4b07f1e92a6c358;
# What toybox asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "The commands of daily life, by their names.",
  grants = [
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory"),
    (name = "stdio", interface = "StdIO", why = "standard input and output", optional = true),
    (name = "console", interface = "Console", why = "standard output where there is no terminal", optional = true),
    (name = "root", interface = "Directory", why = "files", optional = true),
    (name = "cwd", interface = "Directory", why = "where relative paths begin", optional = true),
    (name = "timer", interface = "Timer", why = "time, sleeping", optional = true),
    (name = "wallClock", interface = "WallClock", why = "the time of day", optional = true),
    (name = "entropy", interface = "EntropySource", why = "random numbers", optional = true),
    (name = "session", interface = "SessionContext", why = "whose it is: id, whoami", optional = true),
    (name = "pipes", interface = "PipeFactory", why = "pipes", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "to start programs", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "programs to start", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "that what it starts may signal it: a handle of itself", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "that what it starts may signal it, and nothing else: attenuate", optional = true),
  ],
  stackBytes = 262144,
);
