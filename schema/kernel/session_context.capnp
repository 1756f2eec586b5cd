# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd1f0b7a35c64e829;
# SessionContext: on whose behalf a process runs.

using import "endpoint.capnp".Endpoint;

struct Subject {
  # Whose session it is. The kernel keeps it and never looks at it; a service learns it only through Endpoint.caller.

  account @0 :Text;
  # At most 31 bytes.
  profile @1 :Text;
  # At most 31 bytes: what the account is used as, for example "operator".
  id @2 :UInt64;
  authenticatedNs @3 :UInt64;
  # When it was authenticated, on the monotonic clock; 0 = not at all.
}

interface SessionContext @0xb83c5e7f10d2a946 {
  # Every process has exactly one session, chosen by who creates it and never changed. Services get an opaque reference to it with
  # each call: the same for all calls of a session to one service, different at every other. It names nobody.

  info @0 () -> (alive :Bool, processes :UInt32, expiresNs :UInt64, subject :Subject);
  # Whether the session lives, how many processes that have not ended belong to it, when it ends by itself (0 = never), and whose it is.

  end @1 () -> (calls :UInt64);
  # Ends it for good, as a logout does: from now on every call, SIGNAL, WAIT and WAKE of its processes fails with the status REVOKED,
  # and so does everything that was bound to it, in whatever process; those that wait have completed so when this returns (calls counts
  # them). Its processes go on running: they can still look at what they have, answer calls that they have received, and exit.
  # Doing it again does nothing. There is no way back: who wants to go on gets a new session, and with it new grants.

  member @2 () -> ();
  # Stands for the permission to create processes in this session (ProcessSpawner.create); calling it does nothing.

  bind @3 (capability :Capability) -> (capability :Capability);
  # The same capability, for as long as the session lives: what a broker does with all that it grants to a session, so that nothing of
  # it survives the session in another one. Reserve one capability. Errors: those of CapabilityManager.makeRevocable; REVOKED (status)
  # when the session has ended.
}

interface SessionFactory @0xe95d20c4ab7136f8 {
  # Makes sessions. Who holds this decides on whose behalf others run, and who may know.

  create @0 (expiresNs :UInt64, subject :Subject) -> (session :SessionContext);
  # A new session without processes; give it to ProcessSpawner.create. It ends by itself when the monotonic clock reaches expiresNs
  # (0 = never). Errors: invalidArgument when expiresNs is past or a text of the subject too long; overloaded when the machine has
  # 1024 sessions.

  disclose @1 (endpoint :Endpoint, fields :UInt32) -> ();
  # Sets the disclosure scope of the service behind an endpoint: the fields of the subject that Endpoint.caller may give it (bit 0
  # account, 1 profile, 2 id, 3 authenticatedNs). At first it has none. Errors: invalidArgument when it is no Endpoint, or there is no
  # such field.
}
