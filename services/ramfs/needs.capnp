# SPDX-License-Identifier: MIT OR Apache-2.0
@0x82781d083a8f1f7c;
# What ramfs asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Directories and files in memory. Argument: the most that it takes, in MiB (64).",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "to receive calls"),
    (name = "virtualMemory", interface = "VirtualMemory", why = "memory for files, mappings of clients' buffers"),
    (name = "capabilityManager", interface = "CapabilityManager",
     why = "to look at buffers that clients bring (describe), and lend files as memory (attenuate, makeRevocable)"),
    (name = "entropy", interface = "EntropySource", why = "a seed for its tables", optional = true),
    (name = "initial", interface = "MemoryObject", why = "a folder to begin with", optional = true),
  ],
  arenaBytes = 65536,
);
