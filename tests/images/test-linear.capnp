# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe1d7b93c604a5f82;
# Random concurrent histories of calls and revocations.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-linear",
  testing = true,
  processes = [
    (
      name = "test-linear",
      program = "test-linear",
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "capabilityManager", source = (kernel = capabilityManager)),
        (name = "virtualMemory", source = (kernel = virtualMemory)),
        (name = "threadSpawner", source = (kernel = threadSpawner)),
      ],
      endsSystem = true,
    ),
  ],
);
