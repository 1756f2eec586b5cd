# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9731e5084e5f6648;
# Clocks: one with the machine's device, one without, and who tests them.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-clock",
  testing = true,
  processes = [
    (
      name = "clock",
      program = "clock",
      grants = [
        (name = "ports", source = (ioPorts = (first = 0x70, count = 2))),
        (name = "systemInfo", source = (kernel = systemInfo), only = ["clock"]),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      exports = [
        (name = "clock", interface = "WallClock", key = 1),
        (name = "setting", interface = "WallClockSetting", key = 2),
      ],
    ),
    (
      name = "bare",
      program = "clock",
      exports = [
        (name = "clock", interface = "WallClock", key = 1),
        (name = "setting", interface = "WallClockSetting", key = 2),
      ],
    ),
    (
      name = "test-clock",
      program = "test-clock",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "wallClock", source = (export = (process = "clock", export = "clock"))),
        (name = "setting", source = (export = (process = "clock", export = "setting"))),
        (name = "bareClock", source = (export = (process = "bare", export = "clock"))),
        (name = "bareSetting", source = (export = (process = "bare", export = "setting"))),
        (name = "ports", source = (ioPorts = (first = 0x70, count = 2))),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      endsSystem = true,
    ),
  ],
);
