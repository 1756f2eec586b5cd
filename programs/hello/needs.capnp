# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9710a6d204c7f3b1;
# What hello asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Says hello.",
  grants = [
    (name = "console", interface = "Console", why = "to say it"),
  ],
);
