# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb5f4d0a92c6e1873;
# What crasher asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Serves calls until one of them ends it.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "Receives calls.", optional = true),
    (name = "timer", interface = "Timer", why = "Is called, so that there are calls to remember.", optional = true),
    (name = "spare", interface = "Timer", why = "Is not granted.", optional = true),
  ],
);
