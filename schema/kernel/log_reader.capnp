# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf373fe4a209c7924;
# LogReader: the kernel's log.

interface LogReader @0xf971f9bf55b86527 {
  # Reads the log that the kernel keeps in memory (32 KiB; older lines are gone).

  read @0 (from :UInt64) -> (lines :List(Line), next :UInt64);
  # Up to 3 lines from sequence number "from" on, as far as they are still kept; next is where to go on.

  wait @1 (from :UInt64) -> ();
  # Completes when a line with a sequence number of at least "from" exists.

  struct Line {
    sequence @0 :UInt64;
    timeNs @1 :UInt64;
    level @2 :Level;
    text @3 :Text;
  }

  enum Level {
    error @0;
    warning @1;
    info @2;
    debug @3;
  }
}
