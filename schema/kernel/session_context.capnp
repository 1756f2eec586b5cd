# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd1f0b7a35c64e829;
# SessionContext: on whose behalf a process runs.

interface SessionContext @0xb83c5e7f10d2a946 {
  # Every process has exactly one session, chosen by who creates it and never changed. Services get an opaque reference to it with
  # each call: the same for all calls of a session to one endpoint, different at every other endpoint. It names nobody.

  info @0 () -> (alive :Bool, processes :UInt32);
  # Whether the session lives, and how many processes that have not ended belong to it.

  end @1 () -> (calls :UInt64);
  # Ends it for good: from now on every call from its processes fails with the status REVOKED; calls that wait have completed so when
  # this returns (calls counts them). Its processes go on running: they can still look at what they have, and exit. Doing it again
  # does nothing.
}

interface SessionFactory @0xe95d20c4ab7136f8 {
  # Makes sessions. Who holds this decides on whose behalf others run.

  create @0 () -> (session :SessionContext);
  # A new session without processes; give it to ProcessSpawner.create.
}
