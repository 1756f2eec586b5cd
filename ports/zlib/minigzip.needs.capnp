# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa47be92c105fd386;
# What minigzip asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Compresses standard input to standard output; -d the other way.",
  grants = [
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory"),
    (name = "stdio", interface = "StdIO", why = "standard input and output", optional = true),
    (name = "console", interface = "Console", why = "standard output where there is no terminal", optional = true),
    (name = "root", interface = "Directory", why = "files", optional = true),
    (name = "cwd", interface = "Directory", why = "where relative paths begin", optional = true),
    (name = "timer", interface = "Timer", why = "time, sleeping", optional = true),
    (name = "entropy", interface = "EntropySource", why = "random numbers", optional = true),
  ],
);
