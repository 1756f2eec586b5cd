# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb04047c2429eccdc;
# What hello-waits asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Says hello with printf, and stays.",
  grants = [
    (name = "console", interface = "Console", why = "to say it"),
  ],
);
