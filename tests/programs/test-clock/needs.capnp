# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb40d2c89d00723ff;
# What test-clock asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "Tests clocks: monotonic, the world's, and that nothing ticks.",
  grants = [
    (name = "console", interface = "Console", why = "Reports."),
    (name = "timer", interface = "Timer", why = "Is compared."),
    (name = "systemInfo", interface = "SystemInfo", why = "Counts interrupts.", optional = true),
    (name = "wallClock", interface = "WallClock", why = "Is read.", optional = true),
    (name = "setting", interface = "WallClockSetting", why = "Is set.", optional = true),
    (name = "bareClock", interface = "WallClock", why = "One without a device.", optional = true),
    (name = "bareSetting", interface = "WallClockSetting", why = "Its setting.", optional = true),
    (name = "ports", interface = "IoPort", why = "The device, to compare with.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "Threads on all CPUs.", optional = true),
    (name = "virtualMemory", interface = "VirtualMemory", why = "Stacks.", optional = true),
  ],
);
