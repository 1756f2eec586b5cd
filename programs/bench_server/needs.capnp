# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd41c2b09a75e8f63;
# What bench_server asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "The other side of what bench measures.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "to receive the calls"),
    (name = "console", interface = "Console", why = "to say what went wrong"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "stacks of threads"),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "the threads that answer wakes and signals"),
  ],
);
