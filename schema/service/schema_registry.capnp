# SPDX-License-Identifier: MIT OR Apache-2.0
@0x982c48758064f594;
# SchemaRegistry: what is known of interfaces, structs, enums and constants while the system runs.

using import "/schema/kernel/memory_object.capnp".MemoryObject;

interface SchemaRegistry @0x989474934836c34a {
  # Sources are registries in the form of registry_data.capnp: number 0 is that of the boot package, further ones are what
  # programs bring. The same id may be in several of them: versions of one interface stand side by side.

  sources @0 () -> (sources :List(Source));
  # All of them, by number.

  search @1 (text :Text, from :UInt32) -> (nodes :List(Node), next :UInt32);
  # Nodes whose name contains the text, in whatever case: up to 16 from position "from" on, and the position to go on from, 0 at
  # the end. An empty text finds all.

  resolve @2 (name :Text) -> (nodes :List(Node));
  # Nodes of exactly this name, at most 16. None: an empty list.

  versions @3 (id :UInt64) -> (nodes :List(Node));
  # Everything that has this id, one for each source that has it.

  describe @4 (id :UInt64, source :UInt32) -> (node :Node, text :Text);
  # The node, and its declaration with doc comments, as people read it, cut where it is longer than the caller's room.
  # Errors: invalidArgument when that source has no such id, or there is no such source.

  data @5 (source :UInt32) -> (memory :MemoryObject, length :UInt64);
  # The whole source, a message RegistryData in the first length bytes, for readers only. Reserve one capability.
  # Errors: invalidArgument.

  add @6 (name :Text, memory :MemoryObject, length :UInt64) -> (registration :SchemaRegistration, source :UInt32);
  # Adds a source: a copy is made, so the memory may be changed afterwards. It is there until the registration is removed or nobody
  # holds it any more. Errors: invalidArgument (field) when it is none, or larger than 1 MiB; overloaded when there are too many, or one
  # session has half of all that there can be.

  struct Source {
    number @0 :UInt32;
    name @1 :Text;
    interfaces @2 :UInt32;
    structs @3 :UInt32;
    enums @4 :UInt32;
    constants @5 :UInt32;
  }

  struct Node {
    id @0 :UInt64;
    kind @1 :Kind;
    name @2 :Text;
    source @3 :UInt32;
    members @4 :UInt32;
    # Methods, fields or enumerants: a later version of the same thing has more of them.
  }

  enum Kind {
    interface @0;
    struct @1;
    enum @2;
    constant @3;
  }
}

interface SchemaRegistration @0xb94413f7696e2e1a {
  # A source that somebody added.

  remove @0 () -> ();
  # Takes it out. Again: nothing happens.
}
