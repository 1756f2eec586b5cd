# SPDX-License-Identifier: MIT OR Apache-2.0
@0xa0e9dbca3d01b7ec;
# File: bytes that a service keeps. What all services of this interface have in common is in docs/guide/files.md.

using import "shared_buffer.capnp".SharedBuffer;
using import "/schema/kernel/memory_object.capnp".MemoryObject;
using import "/schema/kernel/notification.capnp".Notification;

enum FileOutcome {
  # What became of an operation on files, directories, stores and namespaces. Anything but done changed nothing.

  done @0;
  notFound @1;
  # Nothing has that name, or one of the names before it in the path.
  exists @2;
  # The name is taken.
  notDirectory @3;
  # A directory was wanted here, or before the end of the path.
  isDirectory @4;
  # A file was wanted.
  notEmpty @5;
  # Only empty directories can be removed or replaced.
  stale @6;
  # What this capability named has been removed. It will never be anything else.
  denied @7;
  # The capability was made without the right to do this.
  busy @8;
  # Somebody has it open and does not share it so, or the caller's sharing does not allow who has it open.
  badName @9;
  # A name of 0 or more than 255 bytes, ".", "..", with NUL, or not UTF-8; or a path with empty names or too many of them.
  noSpace @10;
  # A limit of one of the directories above, or the service's memory, is exhausted.
  tooLarge @11;
  # Beyond the largest file, the deepest directory, or what one call can do.
  elsewhere @12;
  # The capability passed along is not one of this service.
  inside @13;
  # A directory cannot be moved into itself.
  notAttached @14;
  # No buffer is attached, or the range does not lie in it.
  conflict @15;
  # It has changed since: the expected version is not the present one.
  damaged @16;
  # The bytes are not those that were stored.
}

enum FileKind {
  file @0;
  directory @1;
}

enum FileSharing {
  # What others may do with a file as long as the one who opens it has it open. Two can have it open if each allows the other.

  readers @0;
  # Others may read.
  appenders @1;
  # Others may read and append.
  writers @2;
  # Others may do anything.
  none @3;
  # Nobody else has it open.
}

enum FileDurability {
  # What is left of a finished operation when the machine loses power.

  none @0;
  # Nothing: the service keeps it in memory.
  ordered @1;
  # Some state from before, but never a later one without an earlier one.
  durable @2;
  # Everything.
}

struct FileStat {
  kind @0 :FileKind;
  size @1 :UInt64;
  # Bytes of a file; names in a directory.
  version @2 :UInt64;
  # Grows with each change of the file's bytes, or of the directory's names.
  stored @3 :UInt64;
  # Bytes that it takes up, in pages of 4096: a file's, or those of all files below a directory.
  entries @4 :UInt64;
  # Files and directories below a directory, at all levels. A file: 0.
  openReaders @5 :UInt32;
  openWriters @6 :UInt32;
  # Capabilities of Directory.open, and of create, edit and appender, that are there at the moment.
}

interface File @0xae01741b984edb7e {
  # One file, opened. It stays the same file when it is renamed or moved; when it is removed or replaced, everything answers
  # stale. Which methods a capability has says what it was opened for. Dropping the last capability closes it.
  # A call is done as a whole or not at all, and calls are done one after the other: no reader sees half of a write.

  read @0 (offset :UInt64, count :UInt32) -> (outcome :FileOutcome, bytes :Data);
  # At most count bytes from offset, fewer at the end of the file and if more do not fit into the answer (at most 8192); none at
  # or behind the end. Bytes never written read as 0. Outcomes: done, stale.

  write @1 (offset :UInt64, bytes :Data) -> (outcome :FileOutcome);
  # Writes all bytes at offset; the file grows if they reach beyond its end, and what lies between reads as 0.
  # Outcomes: done, stale, noSpace, tooLarge.

  append @2 (bytes :Data) -> (outcome :FileOutcome, offset :UInt64);
  # Writes all bytes at the end, wherever that is by now, and says where that was. Outcomes: as write.

  truncate @3 (size :UInt64) -> (outcome :FileOutcome);
  # Makes the file exactly so long; what it gains reads as 0. Outcomes: done, stale, tooLarge.

  stat @4 () -> (outcome :FileOutcome, stat :FileStat);
  # What is known of it. Outcomes: done, stale.

  attach @5 (buffer :SharedBuffer, writable :Bool) -> (outcome :FileOutcome);
  # Maps a buffer of the caller's for the methods below, in place of the one attached before; it is given up with the last
  # capability to this file, too. writable: readBuf may be called. The memory must be the kernel's,
  # hold at most 1 MiB, and must not be revocable: the service would fall with it.
  # Outcomes: done, stale, noSpace (here, or its maker has not all pages of it). Errors: invalidArgument (field "buffer") when it is none, or not such.

  readBuf @6 (offset :UInt64, count :UInt64, at :UInt64) -> (outcome :FileOutcome, count :UInt64);
  # As read, into the attached buffer from its byte `at` on. Outcomes: done, stale, notAttached.

  writeBuf @7 (offset :UInt64, count :UInt64, at :UInt64) -> (outcome :FileOutcome);
  # As write, out of the attached buffer. Outcomes: as write, and notAttached.

  appendBuf @8 (count :UInt64, at :UInt64) -> (outcome :FileOutcome, offset :UInt64);
  # As append, out of the attached buffer. Outcomes: as write, and notAttached.

  detach @9 () -> ();
  # Gives the attached buffer up. If there is none: nothing happens.

  copy @10 (offset :UInt64, count :UInt64, into :MemoryObject, at :UInt64) -> (outcome :FileOutcome, count :UInt64);
  # A private copy: at most count bytes (and 1 MiB) from offset into the caller's memory from its byte `at` on, which the caller can then map and
  # change as it likes. The memory must be the kernel's and come with write. Outcomes: done, stale.
  # Errors: invalidArgument (field) when `into` is no such memory, or the range does not lie in it.

  map @11 () -> (outcome :FileOutcome, memory :MemoryObject, size :UInt64);
  # The file itself as memory to be mapped, not writable: whole pages, the last one filled up with zeroes; size is that of the
  # file. What is written to the file, by calls or through mappings, is seen in the mapping as it happens. Bytes that the file
  # gains beyond those pages are not in it. It can be revoked: when the file is removed or replaced, mappings of it are gone, and
  # touching one is a fault. The first mapping moves the file into memory of its own, once, in time that is proportional to its size; the
  # service answers others meanwhile, and this call in the end.
  # Reserve one capability. Outcomes: done, stale, noSpace, notFound (empty).

  mapShared @12 () -> (outcome :FileOutcome, memory :MemoryObject, size :UInt64);
  # The same, writable. Writing there changes neither version nor size, and notifies nobody.

  watch @13 (notification :Notification) -> (outcome :FileOutcome);
  # From now on all bits of notification are set when the file changes or is removed; null ends that. One for each
  # opening. Outcomes: done, stale, noSpace (then nothing is watched here).

  sync @14 () -> (outcome :FileOutcome, durability :FileDurability);
  # Waits until everything done so far is as durable as it gets, and says how much that is. Outcomes: done, stale.

  reader @15 () -> (outcome :FileOutcome, file :File);
  # The same file for reading only, to be passed on. Reserve one capability. Outcomes: done, stale, noSpace.

  appender @16 () -> (outcome :FileOutcome, file :File);
  # The same file for appending only. Reserve one capability. Outcomes: done, stale, noSpace.
}
