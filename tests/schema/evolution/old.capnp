# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe1b2c3d4a5f60718;
# As it was; new.capnp is what it became, by the rules of the language.

struct Root {
  id @0 :UInt32 = 7;
  flag @1 :Bool;
  name @2 :Text;
  numbers @3 :List(UInt32);
  texts @4 :List(Text);
  child @5 :Child;
  children @6 :List(Child);
  kind :union {
    none @7 :Void;
    some @8 :UInt16;
  }
  weight @9 :Float32;
}

struct Child {
  a @0 :UInt8;
}
