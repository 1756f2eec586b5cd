# SPDX-License-Identifier: MIT OR Apache-2.0
@0xfc33e8821b739bc7;
# What store asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Blobs by content and names for them, in memory. Argument: the most that it takes, in MiB (64).",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "to receive calls"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory for blobs, mappings of clients' buffers"),
    (name = "capabilityManager", interface = "CapabilityManager", why = "to look at buffers that clients bring (describe)"),
    (name = "entropy", interface = "EntropySource", why = "a seed for its tables", optional = true),
  ],
  arenaBytes = 65536,
);
