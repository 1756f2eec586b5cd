# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf6eb6b071875fe8b;
# Endpoint: where a process receives calls on the objects that it serves.

interface Endpoint @0xf9eaee466140b3b7 {
  # The receiving end. Holding receive is what the operation RECV asks for; facets, which callers hold, never have it.

  receive @0 () -> ();
  # Stands for the permission to receive calls with the operation RECV; calling it does nothing.

  template @1 (interfaces :List(MethodSet)) -> (template :Capability);
  # A capability that can only be minted from (descriptor kind MINT with an object key): each facet minted serves these
  # interfaces. At most 8; list inherited ones too. Errors: invalidArgument when the list is empty or too long.

  identify @2 (facet :Capability) -> (mine :Bool, key :UInt64, interfaces :List(MethodSet));
  # Recognises a facet of this endpoint among arguments: its key, and what it may call. Look at the sets, not only at
  # the key: a caller may have attenuated it. mine = false: it belongs to somebody else.

  retire @3 (key :UInt64) -> (found :Bool);
  # All facets with that key answer DISCONNECTED from now on, and no release notice comes for it: what a supervisor does for objects
  # that a restarted server will not know. found = false: no facet has it.

  caller @4 (session :UInt64, fields :UInt32) -> (alive :Bool, disclosed :UInt32, account :Text, profile :Text, id :UInt64, authenticatedNs :UInt64);
  # About the session with that reference (from the header of a received call). alive: it has not ended. Of the fields asked for (bits
  # as in SessionFactory.disclose) those that the service's disclosure scope has are given, and disclosed says which; all others are
  # empty. Once the session has ended its reference means nothing any more.

  successor @5 (maxMessage :UInt32, maxCaps :UInt16) -> (endpoint :Endpoint);
  # A new endpoint of the same service: it sees the same references for the same sessions, and has the same disclosure scope. For a
  # server that replaces another one with an endpoint of its own. Errors: as CapabilityManager.createEndpoint.

  retireOthers @6 (keep :List(UInt64)) -> (retired :UInt32);
  # retire, for every key that is not listed; counts them.

  close @7 () -> ();
  # Nobody will receive for now: calls that wait to be received, and all that come, complete with DISCONNECTED until open. Objects,
  # keys and facets stay. For a supervisor whose server does not come back.

  open @8 () -> ();
  # Takes close back: calls wait to be received again.

  struct MethodSet {
    interfaceId @0 :UInt64;
    methods @1 :UInt64 = 0xffffffffffffffff;
    # Bit n = method n.
  }
}
