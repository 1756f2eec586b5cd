# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd3a9b1f7c2e84605;
# Programs on the C library.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-libc",
  testing = true,
  processes = [
    (
      name = "chello",
      program = "chello",
      arguments = ["one", "two"],
      grants = [
        (name = "console", source = (kernel = console)),
      ],
      endsSystem = true,
    ),
  ],
);
