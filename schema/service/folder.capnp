# SPDX-License-Identifier: MIT OR Apache-2.0
@0x9148b91923af4b79;
# A folder of the build host, as a message: what a boot package carries (kind folder) and a service begins with.

struct Folder {
  entries @0 :List(Entry);
  # Directories before what is in them.

  struct Entry {
    path @0 :Text;
    # Names with "/" between them, as of Directory.
    directory @1 :Bool;
    bytes @2 :Data;
    # Of a file.
  }
}
