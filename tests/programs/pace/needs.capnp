# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8f0d6b92e417a35c;
# What pace asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Makes calls at a steady pace: args [CALLS-A-MILLISECOND MILLISECONDS].",
  grants = [(name = "timer", interface = "Timer", why = "It is what it calls, and what it waits by.")],
);
