# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7c1a95d3e20f684;
# Every kind of field, for review of what is generated.

annotation unit @0xd0a3f5b1c2e49786 (field, param) :Text;

enum Colour {
  red @0;
  darkBlue @1;
  # After a capital follows a word.
}

struct Shape {
  # A struct with everything in it.

  area @0 :UInt32 = 1000 $unit("mm2");
  visible @1 :Bool = true;
  colour @2 :Colour = darkBlue;
  weight @3 :Float64 = 1.5;
  name @4 :Text = "none";
  key @5 :Data;
  points @6 :List(Point);
  sizes @7 :List(UInt16) = [1, 2, 3];
  grid @8 :List(List(Int8));
  box :group {
    width @9 :Int16 = -1;
    height @10 :Int16;
  }
  union {
    circle @11 :Float32;
    label @12 :Text;
    polygon :group {
      corners @13 :List(Point);
      closed @14 :Bool;
    }
    nothing @15 :Void;
  }
  origin @16 :Point = (x = 3, y = 4);
  default @17 :AnyPointer;
  owner @18 :Capability;
  root @19 :UInt8;

  struct Point {
    x @0 :Int32;
    y @1 :Int32;
  }
}

const limit :UInt32 = 4096;
const smallest :Int64 = -9223372036854775808;
const greeting :Text = "hello\n\"you\"";
const unitSquare :Shape = (name = "square", points = [(x = 0, y = 0), (x = 1), (x = 1, y = 1), (y = 1)]);
const key :Data = 0x"de ad be ef";
