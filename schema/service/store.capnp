# SPDX-License-Identifier: MIT OR Apache-2.0
@0xff2f44d14a67253d;
# Store: blobs that are named by what they contain.

using F = import "file.capnp";
using import "shared_buffer.capnp".SharedBuffer;

interface Store @0xa4bfee161e94bbd6 {
  # Blobs never change. A blob's id is the BLAKE2b-256 of its bytes; who knows an id and holds get may read the blob. One that
  # refers to others (links) keeps them; its id is the BLAKE2b-256, personalised "capOS links", of the BLAKE2b-256 of its bytes and the
  # links behind it. A blob is kept as long as a name of the service's Namespace (or of its history), a Blob capability, or
  # a kept blob leads to it; collect frees the rest.
  # Outcomes of methods with an id: badName when it has not 32 bytes, notFound.

  put @0 (bytes :Data, expected :Data) -> (outcome :F.FileOutcome, id :Data, blob :Blob);
  # Keeps bytes (one message: at most 8192). expected: empty, or the id that they must have. The same bytes again are the same blob.
  # Reserve a capability to hold it; without, the next collect may free it. Outcomes: done, damaged (not as expected), noSpace.

  putLinked @1 (bytes :Data, links :List(Data)) -> (outcome :F.FileOutcome, id :Data, blob :Blob);
  # The same with at most 64 links, each the id of a blob that is there. Outcomes: done, notFound, badName, tooLarge, noSpace.

  begin @2 () -> (outcome :F.FileOutcome, writer :BlobWriter);
  # For larger ones: a blob in pieces. Reserve a capability. Outcomes: done, noSpace.

  get @3 (id :Data, offset :UInt64, count :UInt32) -> (outcome :F.FileOutcome, bytes :Data, size :UInt64);
  # At most count bytes (and 8192) from offset; size is the whole blob's. They are checked against what was put.
  # Outcomes: done, notFound, damaged.

  open @4 (id :Data) -> (outcome :F.FileOutcome, blob :Blob, size :UInt64);
  # The blob as a capability, which keeps it. Reserve one. Outcomes: done, notFound, noSpace.

  verify @5 (id :Data) -> (outcome :F.FileOutcome);
  # Hashes all of it again. Outcomes: done, notFound, damaged, tooLarge (above 1 MiB: reading checks page by page).

  collect @6 () -> (blobs :UInt64, bytes :UInt64);
  # Frees blobs that nothing leads to; says how many, and how much that gave back.

  statistics @7 () -> (blobs :UInt64, bytes :UInt64, stored :UInt64, limit :UInt64, open :UInt32, bound :UInt64, puts :UInt64, duplicates :UInt64);
  # Blobs, their bytes, the memory that they take up, its bound (0: none), Blob capabilities, names bound at present, puts that were
  # done, and how many of those found their blob there already.
}

interface Blob @0xcbfd8c7cc793ca27 {
  # One blob, which stays as long as this capability.

  read @0 (offset :UInt64, count :UInt32) -> (outcome :F.FileOutcome, bytes :Data);
  # As Store.get. Outcomes: done, damaged.

  attach @1 (buffer :SharedBuffer) -> (outcome :F.FileOutcome);
  # As File.attach, writable. Outcomes and errors: as there.

  readBuf @2 (offset :UInt64, count :UInt64, at :UInt64) -> (outcome :F.FileOutcome, count :UInt64);
  # As File.readBuf; checked like read. Outcomes: done, damaged, notAttached.

  detach @3 () -> ();
  # As File.detach.

  info @4 () -> (id :Data, size :UInt64, links :List(Data));
  # What it is.
}

interface BlobWriter @0xf670ef0d5071a4fd {
  # A blob that is being written; given up when the last capability to it goes.

  append @0 (bytes :Data) -> (outcome :F.FileOutcome, size :UInt64);
  # The next bytes; size is that of all so far. Outcomes: done, noSpace, tooLarge (above 1 GiB), stale (finished).

  attach @1 (buffer :SharedBuffer) -> (outcome :F.FileOutcome);
  # As File.attach, not writable.

  appendBuf @2 (count :UInt64, at :UInt64) -> (outcome :F.FileOutcome, size :UInt64);
  # As append, out of the attached buffer (at most 1 MiB). Outcomes: as append, and notAttached.

  finish @3 (expected :Data, links :List(Data)) -> (outcome :F.FileOutcome, id :Data, blob :Blob);
  # Makes it a blob, as Store.put and putLinked. If it is refused (damaged, notFound...), the writer is given up as well.
}
