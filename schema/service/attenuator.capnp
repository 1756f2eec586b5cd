# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf8d8512b53172b91;
# Attenuator: capabilities that do less by what their calls say, not only by which methods they have.

interface Attenuator @0xb4749eab43975315 {
  # Wraps any capability behind rules over the arguments of its methods. It knows the methods from the schema registry, so it serves every
  # interface; the wrapped capability's server sees the attenuator as its caller. Wrapping what is wrapped adds up: both sets of
  # rules hold.

  where @0 (capability :Capability, rules :List(Rule)) -> (capability :Capability);
  # The same interfaces with less to do: 1 to 8 rules, all of which must hold. A rule with a method is about that one; without, about
  # every method. Methods that lack a rule's field are removed (calls of them are DENIED), unless a rule `allow` names them. What
  # a method gives back of the wrapped capability's own interfaces is wrapped by the same rules, and counts for the same uses and
  # rates; other capabilities pass as they are. A call that breaks a rule raises invalidArgument with the field's name and "rule N: ..."
  # (overloaded, without a field, for uses and rates), does not reach the object, and leaves a Refusal. Reserve one capability.
  # Errors: invalidArgument (rules) when a rule cannot be (no such method or field, an operator that does not suit its type, all
  # methods gone), (capability) when none was given or its interfaces are unknown; overloaded when too much is wrapped already.

  refusals @1 (from :UInt64) -> (refusals :List(Refusal), next :UInt64, lost :UInt64);
  # Up to 8 refusals, oldest first, from number "from" on, of capabilities that the caller's session had wrapped; next is
  # where to go on. The last 64 are kept: lost counts those that were asked for and are gone.

  enum Op {
    within @0;
    # Text, a path: equal to the text, or below it, by whole components; "." and ".." and empty components are refused.
    prefix @1;
    # Text or Data: begins so.
    equal @2;
    # Text, Data, number, Bool (0 or 1), enum (its name as text, or its number).
    notEqual @3;
    oneOf @4;
    # Text or enum: one of texts; numbers: one of numbers.
    atMost @5;
    # A number, signed or not; the length of a Text or Data in bytes; the length of a list.
    atLeast @6;
    uses @7;
    # Without a field: so many calls in all (number).
    rate @8;
    # Without a field: at most number (1 to 32) calls in any perNs.
    expires @9;
    # Without a field or method: until this time (number: nanoseconds since boot). The new capability, and what came back through
    # it, is REVOKED then.
    allow @10;
    # Without a field: the method stays although it lacks another rule's field.
  }

  struct Rule {
    op @0 :Op;
    method @1 :Text;
    # Empty: all methods.
    field @2 :Text;
    # A parameter, or a member of a struct parameter: "options.path".
    text @3 :Text;
    data @4 :Data;
    number @5 :UInt64;
    # For signed fields the two's complement.
    texts @6 :List(Text);
    numbers @7 :List(UInt64);
    perNs @8 :UInt64;
    # rate: the length of the window.
  }

  struct Refusal {
    number @0 :UInt64;
    timeNs @1 :UInt64;
    interfaceId @2 :UInt64;
    method @3 :UInt16;
    rule @4 :UInt16;
    # Index in the list that was given to where.
    op @5 :Op;
    object @6 :UInt64;
    # Which wrapped capability: a number of the attenuator's own.
    field @7 :Text;
    value @8 :Text;
    # What was passed, as the registry prints it; cut.
  }
}
