# SPDX-License-Identifier: MIT OR Apache-2.0
@0xac558053b1345667;
# A system whose init fails.

using import "/schema/service/image.capnp".Image;

const image :Image = (
  name = "test-init",
  testing = true,
  init = "test-init",
);
