# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa722a007f1037b06;
# Namespace: names for what a store keeps, with their history.

using F = import "file.capnp";
using import "store.capnp".Blob;
using import "/schema/kernel/notification.capnp".Notification;

interface Namespace @0xe82e9dac3b584e7f {
  # Names bound to blobs of the same service's Store, to typed values, and to namespaces of the same service. A name is a path, with
  # "/" between its parts; parts are as names of a Directory. A namespace is all names that begin with its prefix: there
  # is no way out of it.
  #
  # Each update makes a new generation, of all names of the service at once: they change together or not at all. The last 64
  # generations are kept, with everything that they name.
  # Rights: read, bind, history (rollback); a namespace made by sub has those that were asked for and are there.
  # Outcomes of methods with a name: badName, notFound. denied: a right is missing.

  lookup @0 (name :Text) -> (outcome :F.FileOutcome, binding :Binding);
  # Right read. What the name is bound to, at present or, in a namespace of `at`, then. Reserve a capability for names that are
  # bound to one. Outcomes: done, noSpace.

  list @1 (under :Text, after :Text, max :UInt32) -> (outcome :F.FileOutcome, entries :List(Entry), more :Bool);
  # Right read. Names below `under` (empty: all) behind `after`, in the order of their bytes, without what the bindings
  # hold: at most max, and as many as fit. Names are relative to this namespace.

  update @2 (changes :List(Change), expected :UInt64) -> (outcome :F.FileOutcome, generation :UInt64, index :UInt32);
  # Right bind. Does all changes (at most 32) in one generation, or none. expected: not 0: the generation that must be the
  # present one. index: the change at fault. Outcomes: done, conflict (the generation, or one of the expected versions, is another
  # one), notFound (unbinding nothing, or no such blob), noSpace, tooLarge, elsewhere.

  generation @3 () -> (generation :UInt64, oldest :UInt64);
  # The present generation, and the oldest that is kept.

  at @4 (generation :UInt64) -> (outcome :F.FileOutcome, namespace :Namespace);
  # Right read. These names as they were then, for reading; stale when that generation is no longer kept. Reserve one
  # capability. Outcomes: done, notFound, noSpace.

  rollback @5 (generation :UInt64) -> (outcome :F.FileOutcome, generation :UInt64);
  # Right history. A new generation in which the names of this namespace are bound as they were then. Outcomes: done, notFound, noSpace.

  diff @6 (from :UInt64, to :UInt64, after :Text, max :UInt32) -> (outcome :F.FileOutcome, entries :List(Difference), more :Bool);
  # Right read. Names of this namespace that are bound otherwise in generation `to` than in `from`, as list gives them.
  # Outcomes: done, notFound (a generation is not kept).

  sub @7 (prefix :Text, read :Bool, bind :Bool, history :Bool) -> (outcome :F.FileOutcome, namespace :Namespace);
  # The names that begin with prefix and "/", as a namespace. Reserve one capability. Outcomes: done, noSpace.

  watch @8 (notification :Notification) -> (outcome :F.FileOutcome);
  # Right read. From now on all bits of notification are set when a generation changes one of these names; null ends that.
  # Outcomes: done, denied, noSpace (then nothing is watched here).

  struct Binding {
    union {
      none @0 :Void;
      blob @1 :Data;
      # Its id.
      value @2 :Value;
      namespace @3 :Namespace;
      # One of this service; it is bound with the rights that it has.
    }
    version @4 :UInt64;
    # The generation that bound it.
  }

  struct Value {
    typeId @0 :UInt64;
    # Of the schema; 0 = bytes without one.
    bytes @1 :Data;
    # At most 1024: a message of that type.
  }

  struct Change {
    name @0 :Text;
    binding @1 :Binding;
    # What to bind; none = unbind. Its version is not looked at.
    check @2 :Check;
    version @3 :UInt64;
  }

  enum Check {
    # What must be there for the change to be done; otherwise conflict.
    anything @0;
    absent @1;
    # Nothing is bound to the name.
    version @2;
    # What is bound has that version.
  }

  struct Entry {
    name @0 :Text;
    kind @1 :Kind;
    version @2 :UInt64;
    size @3 :UInt64;
    # Bytes of the blob or value.
  }

  struct Difference {
    name @0 :Text;
    before @1 :Kind;
    after @2 :Kind;
  }

  enum Kind {
    none @0;
    blob @1;
    value @2;
    namespace @3;
  }
}
