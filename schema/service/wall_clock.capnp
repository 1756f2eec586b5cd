# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc0f6fa192f6398a1;
# WallClock: what time it is in the world, how sure that is, and who may say so.

interface WallClock @0x8c21d08a385f77a4 {
  # The time of day. It may jump when it is set; for intervals there is Timer.

  now @0 () -> (utc :Text, unixNs :Int64, uncertaintyNs :UInt64);
  # Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds, and the same to the second as ISO 8601 text. It is as much as
  # uncertaintyNs away from what its source said, and that grows with the time since, by what the machine's counter may be off.
  # Errors: failed when nobody knows: the machine has no such clock, and nobody has set it.

  source @1 () -> (source :Source, ageNs :UInt64);
  # Who said so, and how long ago.

  enum Source {
    unknown @0;
    device @1;
    # The machine's real-time clock, which counts seconds: their edge was watched for, and until that came the uncertainty is half of one.
    setting @2;
    # Whoever holds WallClockSetting.
  }
}

interface WallClockSetting @0xb08ef54361c3ad4c {
  # Sets the time for all holders of the WallClock. The machine's own clock keeps what it has.

  set @0 (unixNs :Int64, uncertaintyNs :UInt64) -> (stepNs :Int64);
  # How far it jumped; 0 when nobody knew before. Errors: invalidArgument (unixNs) outside the years 1678 to 2261, which is what 64 bits of nanoseconds hold.
}
