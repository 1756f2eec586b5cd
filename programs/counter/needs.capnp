# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc5a1be0d9e1f7a43;
# What counter asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Counts, five times a second: args [HOW-FAR [START]].",
  grants = [
    (name = "timer", interface = "Timer", why = "to wait between two numbers"),
    (name = "out", interface = "Console", why = "to say them"),
  ],
);
