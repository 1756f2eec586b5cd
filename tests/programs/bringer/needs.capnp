# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa5d3e0179c6b2f48;
# What bringer asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Brings an interface of its own along, Greeter, for a while.",
  grants = [
    (name = "schemas", interface = "SchemaRegistry", why = "To say what its interface is."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "For the memory in which that is written."),
    (name = "timer", interface = "Timer", why = "To stay for a minute."),
  ],
);
