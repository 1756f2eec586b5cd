# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8caa14d92e47bbc6;
# What test-init asks for: it is given everything, as init, and uses nothing.

using import "/schema/service/program.capnp".Program;

const needs :Program = (summary = "An init that fails.");
