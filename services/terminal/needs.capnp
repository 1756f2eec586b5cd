# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd9f0a8de4b2c1172;
# What the terminal asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "The terminal: Console, TerminalSession, StdIO.",
  grants = [
    (name = "endpoint", interface = "Endpoint", why = "To receive the calls of those that use the terminal."),
    (name = "ports", interface = "IoPort", why = "The eight registers of its UART."),
    (name = "interrupt", interface = "Interrupt", why = "To be told when the UART has received or sent."),
    (name = "capabilityManager", interface = "CapabilityManager",
     why = "Makes the notification that the interrupt sets."),
  ],
);
