# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf1d7a2c56e0b8943;
# What revocable_read asks for. Its child, the reader, gets the console, the pages and a notification.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Lends pages to a reader that it does not trust, and takes them back between two reads.",
  grants = [
    (name = "console", interface = "Console", why = "To tell what happens."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "To lend, and to take back.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "The pages.", optional = true),
    (name = "processSpawner", interface = "ProcessSpawner", why = "The reader.", optional = true),
    (name = "bootPackage", interface = "BootPackage", why = "The reader's program: this one.", optional = true),
  ],
);
