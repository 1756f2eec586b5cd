# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb3d21c8e60f7a495;
# What fuzzcheck asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Runs SQLite on databases and statements that fuzzers have found: fuzzcheck FILE...",
  grants = [
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory"),
    (name = "stdio", interface = "StdIO", why = "standard input and output", optional = true),
    (name = "console", interface = "Console", why = "standard output where there is no terminal", optional = true),
    (name = "root", interface = "Directory", why = "files", optional = true),
    (name = "cwd", interface = "Directory", why = "where relative paths begin", optional = true),
    (name = "timer", interface = "Timer", why = "time, sleeping", optional = true),
    (name = "wallClock", interface = "WallClock", why = "the time of day", optional = true),
    (name = "entropy", interface = "EntropySource", why = "random numbers", optional = true),
  ],
  stackBytes = 2097152,
);
