# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa5b1c7e9d3f28406;
# A process that faults: init says why and where, and the machine ends with a failure.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-fault",
  testing = true,
  processes = [
    (
      name = "crash",
      program = "test-runtime",
      arguments = ["child", "fault"],
      grants = [
        (name = "console", source = (kernel = console)),
        (name = "timer", source = (kernel = timer)),
      ],
      endsSystem = true,
    ),
  ],
);
