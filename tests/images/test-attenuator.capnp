# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9b5a1adfff6c079f;
# Capabilities behind rules.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-attenuator",
  testing = true,
  processes = [
    (
      name = "attenuator",
      program = "attenuator",
      grants = [
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
      ],
      exports = [(name = "attenuator", interface = "Attenuator", key = 1)],
      maxMessage = 4096,
      maxCaps = 4,
    ),
    (
      name = "steady",
      program = "crasher",
      exports = [(name = "crasher", interface = "Crasher", key = 1)],
      restart = (policy = onFailure, delayMs = 10, maxDelayMs = 10, limit = 32, windowMs = 3600000),
    ),
    (
      name = "test-attenuator",
      program = "test-attenuator",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
        (name = "attenuator", source = (export = (process = "attenuator", export = "attenuator"))),
        (name = "steady", source = (export = (process = "steady", export = "crasher"))),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "sessions", source = (kernel = sessions)),
        (name = "bootPackage", source = (kernel = bootPackage)),
        (name = "systemInfo", source = (kernel = systemInfo)),
      ],
      endsSystem = true,
    ),
  ],
);
