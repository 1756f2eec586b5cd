@@ID4@;
# What @NAME@_client asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Has somebody greeted.",
  grants = [
    (name = "@NAME@", interface = "@TYPE@", why = "to call it"),
    (name = "console", interface = "Console", why = "to print the answer"),
  ],
);
