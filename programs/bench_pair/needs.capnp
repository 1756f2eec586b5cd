# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd82f6a3b91c7e045;
# What bench_pair asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Counts calls to a server of its own, alone and beside another such pair.",
  grants = [
    (name = "console", interface = "Console", why = "to print the counts"),
    (name = "server", interface = "Bench", why = "the other side of calls"),
  ],
);
