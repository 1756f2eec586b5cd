# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa137a8ed720d2d43;
# What agent asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Code that nobody has to trust: tries everything with the one directory that it was given.",
  grants = [
    (name = "console", interface = "Console", why = "to say what worked"),
    (name = "work", interface = "Directory", why = "to work in"),
    (name = "timer", interface = "Timer", why = "to wait a little before", optional = true),
  ],
);
