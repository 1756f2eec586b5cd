# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe2a95b7d30c8f416;
# What pipes asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Makes pipes: byte streams between processes.",
  arenaBytes = 24576,
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "to be called"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "to map clients' buffers", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "to see whether a buffer stays (describe)",
     optional = true),
  ],
);
