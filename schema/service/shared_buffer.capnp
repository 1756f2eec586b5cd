# SPDX-License-Identifier: MIT OR Apache-2.0
@0xd32bface4e059188;
# SharedBuffer: bytes that two processes share, and how they are named in a call. The shape inside is lib/shared_buffer's.

using import "/schema/kernel/memory_object.capnp".MemoryObject;

struct SharedBuffer {
  # A memory object that holds one header page and then the data. What the receiver may do with it follows the methods of
  # the capability: with write it may change the data, without it can only read, and map readable.

  memory @0 :MemoryObject;
  # Size, slots and all else is in the memory's header, which its receiver checks against the memory's size.
}

interface BufferSink @0xea45fa4c27c868d2 {
  # Takes data out of buffers of its caller: the two ways to pass bulk data with a call.

  once @0 (buffer :SharedBuffer, length :UInt64) -> (sum :UInt64);
  # Looks at the first length bytes, and keeps nothing: when the call returns, the buffer is its sender's alone again (as far as
  # the sender kept a capability that may write). sum: of the bytes. Errors: invalidArgument (field) when the buffer is none, or
  # is shorter.

  attach @1 (buffer :SharedBuffer) -> (slots :UInt32);
  # Keeps the buffer for calls of take, instead of the one attached before. Errors: invalidArgument when it is none.

  take @2 (slot :UInt32, length :UInt32) -> (sum :UInt64);
  # Looks at the first length bytes of a slot of the attached buffer: the message carries two numbers. The slot is this
  # object's until the call returns. Errors: invalidArgument (field), failed when no buffer is attached.

  detach @3 () -> ();
  # Gives the attached buffer up.
}
