# SPDX-License-Identifier: MIT OR Apache-2.0
@0xe1b2c3d4a5f60719;
# What old.capnp became: fields added in structs, groups and unions, an element type made a struct, a field made a group's.

struct Root {
  id @0 :UInt32 = 7;
  flag @1 :Bool;
  name @2 :Text;
  numbers @3 :List(Number);
  texts @4 :List(Line);
  child @5 :Child;
  children @6 :List(Child);
  kind :union {
    none @7 :Void;
    some @8 :UInt16;
    other @10 :Text = "by default";
    more :group {
      first @11 :Int64 = -1;
      second @12 :Bool = true;
    }
  }
  weight @9 :Float32;
  added @13 :UInt64 = 99;
  addedText @14 :Text = "new";
  addedList @15 :List(Child);
}

struct Child {
  a @0 :UInt8;
  b @1 :Int64 = 5;
  c @2 :Text;
  d @3 :Child;
}

struct Number {
  value @0 :UInt32;
  unit @1 :Text;
  scale @2 :Int16 = 1;
}

struct Line {
  text @0 :Text;
  number @1 :UInt32;
}
