# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf1c0a7d0b5e94c36;
# What is known of every interface, struct and enum at run time: one message, made by capnpc-capos from all schema files
# together. With it a program can name, build and decode any call (the shell, the tracer).

struct RegistryData {
  # Each list is sorted by id.
  interfaces @0 :List(Interface);
  structs @1 :List(Struct);
  enums @2 :List(Enum);
  constants @3 :List(Constant);

  struct Interface {
    id @0 :UInt64;
    name @1 :Text;
    # Without its file: "Timer".
    file @2 :Text;
    doc @3 :Text;
    supers @4 :List(UInt64);
    # Interfaces that it extends.
    methods @5 :List(Method);
    # By ordinal.
  }

  struct Method {
    name @0 :Text;
    doc @1 :Text;
    params @2 :UInt64;
    # Id of a struct.
    results @3 :UInt64;
    idempotent @4 :Bool;
    # Twice is as good as once (schema/annotation.capnp).
  }

  struct Struct {
    # A struct, a group, or the parameters or results of a method.
    id @0 :UInt64;
    name @1 :Text;
    # "CapabilityManager.Entry"; of parameters "Timer.sleep$Params".
    doc @2 :Text;
    dataWords @3 :UInt16;
    pointers @4 :UInt16;
    isGroup @5 :Bool;
    discriminantCount @6 :UInt16;
    # Fields in a union; 0 = none.
    discriminantOffset @7 :UInt32;
    # In units of two bytes.
    fields @8 :List(Field);
    # In the order of their declaration in the file.
  }

  struct Field {
    name @0 :Text;
    doc @1 :Text;
    type @2 :Type;
    offset @3 :UInt32;
    # In units of the field's size: bits for Bool, pointers for what lies behind a pointer.
    defaultBits @4 :UInt64;
    # Of a number, enum or Bool: the value in the message is this one, xor what it means.
    defaultPointer @5 :AnyPointer;
    discriminant @6 :UInt16 = 65535;
    # The union's value that makes this field the active one; 65535 = not in a union.
    path @7 :Bool;
    # A Text that is a path (schema/annotation.capnp, as what follows).
    atMost @8 :UInt64;
    # The largest number, or the most bytes of a Text or Data; 0: the schema says nothing.
  }

  struct Type {
    kind @0 :Kind;
    lists @1 :UInt8;
    # How many List() are around it.
    id @2 :UInt64;
    # Of the enum, struct, group or interface.
  }

  enum Kind {
    void @0;
    bool @1;
    int8 @2;
    int16 @3;
    int32 @4;
    int64 @5;
    uint8 @6;
    uint16 @7;
    uint32 @8;
    uint64 @9;
    float32 @10;
    float64 @11;
    text @12;
    data @13;
    group @14;
    # In place: same struct, fields as in the struct with that id.
    enum @15;
    struct @16;
    interface @17;
    anyPointer @18;
    capability @19;
    # A capability of any interface.
  }

  struct Enum {
    id @0 :UInt64;
    name @1 :Text;
    doc @2 :Text;
    enumerants @3 :List(Enumerant);
    # By value.
  }

  struct Enumerant {
    name @0 :Text;
    doc @1 :Text;
  }

  struct Constant {
    id @0 :UInt64;
    name @1 :Text;
    doc @2 :Text;
    type @3 :Type;
    bits @4 :UInt64;
    pointer @5 :AnyPointer;
  }
}
