# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9e0a5cb8d7f41326;
# What speedtest1 asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "The speed test of SQLite.",
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
  stackBytes = 524288,
);
