# SPDX-License-Identifier: MIT OR Apache-2.0
@0xc7f0a1d36be25498;
# TraceChunk: captured calls as a file. A trace file is a sequence of framed messages (the standard stream framing, not packed),
# each a TraceChunk of one process; those of a process are in order. `capnp decode schema/service/trace.capnp TraceChunk` prints
# one; tools/capos-trace reads them, and draws pictures.

struct TraceChunk {
  process @0 :Text;
  # Its name.
  number @1 :UInt32;
  # Tells apart processes of one name in the file.
  lost @2 :UInt64;
  # Records older than the first of the process that were overwritten.
  records @3 :List(Record);

  struct Record {
    # As abi/capture.h has it: two for each call, joined by thread and call.

    sequence @0 :UInt64;
    timeNs @1 :UInt64;
    # Nanoseconds since boot.
    interfaceId @2 :UInt64;
    method @3 :UInt16;
    kind @4 :Kind;
    thread @5 :UInt32;
    call @6 :UInt64;
    target @7 :UInt64;
    # Of a call: the capability's id in its process.
    status @8 :Int32;
    # Of an answer (abi/status.h).
    length @9 :UInt32;
    # Of the message.
    caps @10 :UInt8;
    message @11 :Data;
    # Its first bytes: parameters, results or an exception.
  }

  enum Kind {
    none @0;
    call @1;
    answer @2;
  }
}
