# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd2a0d4b2f9b9a1c7;
# The smallest system: it says hello and ends.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "hello",
  processes = [
    (
      name = "hello",
      program = "hello",
      grants = [
        (name = "console", source = (kernel = console), only = ["write", "writeLine"]),
      ],
      endsSystem = true,
    ),
  ],
);
