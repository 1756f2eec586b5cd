# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa9c1f07d52e86b34;
# What test-linear asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests that calls and revocations have an order, by random histories on all CPUs.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Makes the endpoint and the gates."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks of its threads."),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Clients, a server and those who revoke."),
  ],
);
