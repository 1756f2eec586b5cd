# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc60f4b82d9a37e15;
# A chain of three servers and their client.

using import "/schema/service/image.capnp".Image;

const exports :List(Image.Export) = [(name = "maker", interface = "Maker", key = 1)];
const console :Image.Grant = (name = "console", source = (kernel = console));
const timer :Image.Grant = (name = "timer", source = (kernel = timer));
const manager :Image.Grant = (name = "capabilityManager", source = (kernel = capabilityManager));

const image :Image = (
  name = "test-promise",
  testing = true,
  processes = [
    (
      name = "back",
      program = "maker",
      grants = [.console],
      exports = .exports,
    ),
    (
      name = "middle",
      program = "maker",
      grants = [.console, (name = "next", source = (export = (process = "back", export = "maker")))],
      exports = .exports,
    ),
    (
      name = "front",
      program = "maker",
      grants = [
        .console,
        (name = "next", source = (export = (process = "middle", export = "maker"))),
        .timer,
        .manager,
      ],
      exports = .exports,
    ),
    (
      name = "test-promise",
      program = "test-promise",
      grants = [
        .console,
        .timer,
        .manager,
        (name = "maker", source = (export = (process = "front", export = "maker"))),
      ],
      endsSystem = true,
    ),
  ],
);
