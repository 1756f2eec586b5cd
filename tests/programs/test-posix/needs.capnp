# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9ad2e6f1b07c4538;
# What test-posix asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests of the C library and lib/posix.",
  grants = [
    (name = "console", interface = "Console", why = "results"),
    (name = "stdio_5", interface = "Console", why = "a numbered descriptor"),
    (name = "root", interface = "Directory", why = "files"),
    (name = "timer", interface = "Timer", why = "time"),
    (name = "entropy", interface = "EntropySource", why = "getrandom"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "malloc"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "pthreads"),
  ],
);
