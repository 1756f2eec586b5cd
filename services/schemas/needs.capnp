# SPDX-License-Identifier: MIT OR Apache-2.0
@0xebeab8378a976a63;
# What the schema registry asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "What is known of interfaces and types.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "To receive calls."),
    (name = "bootPackage", interface = "BootPackage", why = "Its registry is the first source."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "To copy sources, and to read them."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "To hand sources out for reading only."),
  ],
  arenaBytes = 32768,
);
