# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7d0a4417c1f6e93;
# What bench_tiny asks for: nothing.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Ends at once; for measuring.",
  stackBytes = 4096,
);
