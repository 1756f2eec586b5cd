# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc20a6c7d9b1e4d5f;
# What chello asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Says hello, and its arguments, with printf.",
  grants = [
    (name = "stdio", interface = "StdIO", why = "to say it", optional = true),
    (name = "console", interface = "Console", why = "to say it where there is no terminal", optional = true),
  ],
);
