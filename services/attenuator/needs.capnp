# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf325961d668cbcf3;
# What the attenuator asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Capabilities behind rules about their calls.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "Receives calls for what it has wrapped."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Asks what a capability can do, and makes leases."),
    (name = "bootPackage", interface = "BootPackage", why = "Holds the schema registry: the types of all parameters."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Maps it."),
  ],
  submissions = 64,
  arenaBytes = 262144,
);
