# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8a51c7e3f0d2b964;
# What maker asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Serves Maker to test-promise.",
  grants = [
    (name = "console", interface = "Console", why = "Says why it ends."),
    (name = "endpoint", interface = "Endpoint", why = "To receive calls."),
    (name = "next", interface = "Maker", why = "Where passOn goes.", optional = true),
    (name = "timer", interface = "Timer", why = "Where now and nap go.", optional = true),
    (name = "capabilityManager", interface = "CapabilityManager", why = "Where notification goes.", optional = true),
  ],
);
