# SPDX-License-Identifier: MIT OR Apache-2.0
@0xca508051cebe4647;
# A store in memory, and who tests it.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-store",
  testing = true,
  processes = [
    (
      name = "store",
      program = "store",
      arguments = ["8"],
      maxMessage = 8448,
      maxCaps = 16,
      grants = [
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "capabilityManager", source = (kernel = capabilityManager), only = ["describe"]),
        (name = "entropy", source = (kernel = entropy)),
      ],
      exports = [
        (name = "store", interface = "Store", key = 1),
        (name = "names", interface = "Namespace", key = 23),
        (name = "view", interface = "Namespace", key = 17),
      ],
    ),
    (
      name = "test-store",
      program = "test-store",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "store", source = (export = (process = "store", export = "store"))),
        (name = "names", source = (export = (process = "store", export = "names"))),
        (name = "view", source = (export = (process = "store", export = "view"))),
        (name = "systemInfo", source = (kernel = systemInfo)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "processSpawner", source = (kernel = processSpawner)),
        (name = "bootPackage", source = (kernel = bootPackage)),
      ],
      endsSystem = true,
    ),
  ],
);
