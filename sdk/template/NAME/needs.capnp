@@ID3@;
# What @NAME@ asks for.

using import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Greets people.",
  grants = [(name = "endpoint", interface = "Endpoint", why = "to receive calls")],
);
