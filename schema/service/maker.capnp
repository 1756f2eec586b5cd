# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa7c1e25d90b3f418;
# Maker: a service that hands out objects, for tests of calls that compose. No shipped image has it.

using import "/schema/kernel/notification.capnp".Notification;

interface Maker @0xe04b6c19d7f2a853 {
  # One object of it. With a server behind it, all calls of passOn go there, with the original caller.

  make @0 (start :UInt64) -> (thing :Thing, again :Box);
  # A new thing that counts from start; again holds the same one, deeper in the message.

  refuse @1 (reason :Text) -> (thing :Thing);
  # Always raises overloaded, with that reason.

  add @2 (thing :Thing, other :Thing) -> (sum :UInt64);
  # The values of two things, which the server finds by their keys: they are its own facets.
  # Errors: invalidArgument when one is not.

  passOn @3 (start :UInt64) -> (value :UInt64, session :UInt64);
  # Answered by the server at the end of the chain: start + the number of servers that it was passed on by.

  late @4 (ns :UInt64) -> (thing :Thing);
  # As make from 0, but so much later.

  numbers @5 () -> (thing :Thing);
  # As make, from the deadline that the server saw of this call (0: none).

  now @6 () -> (ns :UInt64);
  # Passed on to the server's own Timer, and answered by that.

  nap @7 (ns :UInt64) -> ();
  # The same for Timer.sleep, which answers later.

  notification @8 () -> (notification :Notification);
  # The same for CapabilityManager.createNotification, which gives a capability.

  struct Box {
    thing @0 :Thing;
  }
}

interface Thing @0xb95d30f8c1e6472a {
  # Counts.

  use @0 (by :UInt64) -> (value :UInt64);
  # Adds; the new value.

  child @1 () -> (thing :Thing);
  # A new thing that begins at this one's value.
}
