# SPDX-License-Identifier: MIT OR Apache-2.0
@0xfeb6af87e2db51f3;
# The index of a boot package (abi/package.h).

using import "image.capnp".Image;

struct PackageIndex {
  image @0 :Image;
  files @1 :List(File);

  struct File {
    name @0 :Text;
    kind @1 :Kind;
    offset @2 :UInt64;
    # From the start of the package, page-aligned.
    size @3 :UInt64;
    hash @4 :Data;
    # BLAKE2b-256 of the content.
  }

  enum Kind {
    program @0;
    # An ELF file; the name is the program's.
    registry @1;
    # Schema registry data (schema/service/registry_data.capnp).
    data @2;
    folder @3;
    # A message (schema/service/folder.capnp); the name is the folder's.
    # Any other file, as it is.
  }
}
