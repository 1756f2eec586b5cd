# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc3a81e5d70b9f246;
# What test-terminal asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests the terminal's interfaces with typed input.",
  grants = [
    (name = "console", interface = "Console", why = "Reports, to the kernel's log."),
    (name = "screen", interface = "Console", why = "The terminal's, is tested."),
    (name = "session", interface = "TerminalSession", why = "Is tested."),
    (name = "stdio", interface = "StdIO", why = "Is tested."),
    (name = "timer", interface = "Timer", why = "Order among threads."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Several who wait."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Their stacks."),
  ],
  arenaBytes = 65536,
);
