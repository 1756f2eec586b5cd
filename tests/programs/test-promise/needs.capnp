# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb3d1f7a9062e4c58;
# What test-promise asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests calls that compose over processes: pipelining, passing on, deadlines.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Something to call."),
    (name = "maker", interface = "Maker", why = "The chain of servers, from its front."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Revocable capabilities."),
  ],
  arenaBytes = 32768,
);
