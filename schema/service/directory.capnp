# SPDX-License-Identifier: MIT OR Apache-2.0
@0x8c7cd1f82647e7fe;
# Directory: names for files and directories.

using F = import "file.capnp";
using import "/schema/kernel/notification.capnp".Notification;

interface Directory @0x98d668a6112fc7d1 {
  # A directory and everything below it. There is no way up: no name means the directory above, and nothing outside can be
  # reached. A path is names with "/" between them; the empty path is the directory itself.
  #
  # A capability has rights (read, create, write, append, remove, limit), which hold for everything below as well; they are what it was
  # made with by sub, or by the image. A method that needs a right that is missing is not among its methods (status DENIED), or
  # answers denied. Who takes methods away (CapabilityManager.attenuate, "only") must take sub away, too: what sub gives has
  # the rights that it was made with.
  #
  # Renaming, removing and replacing are atomic: everybody sees the state before or the one after. There are no links.
  # Outcomes of all methods with a path: notFound, notDirectory, badName; and stale when the directory was removed.
  # Errors: failed when the caller reserved no room for a capability that comes back.

  open @0 (path :Text) -> (outcome :F.FileOutcome, file :F.File);
  # Right read. The file of that name, for reading. Outcomes: done, isDirectory, busy, noSpace (too many are open).

  create @1 (path :Text, others :F.FileSharing) -> (outcome :F.FileOutcome, file :F.File);
  # Right create. A new, empty file, for reading and writing by who made it. Outcomes: done, exists, noSpace, tooLarge.

  edit @2 (path :Text, others :F.FileSharing) -> (outcome :F.FileOutcome, file :F.File);
  # Rights read and write. A file that is there, for reading and writing. Outcomes: as open.

  appender @3 (path :Text, others :F.FileSharing) -> (outcome :F.FileOutcome, file :F.File);
  # Right append. A file that is there, for appending only. Outcomes: as open.

  stat @4 (path :Text) -> (outcome :F.FileOutcome, stat :F.FileStat);
  # Right read. What is known of it.

  list @5 (path :Text, after :Text, max :UInt32) -> (outcome :F.FileOutcome, entries :List(Entry), more :Bool);
  # Right read. Names behind `after` (empty: from the first), in the order of their bytes: at most max, and as many as fit into the
  # answer. One answer is a snapshot; go on with the last name of it. A name that is there all the time comes exactly once.

  makeDirectory @6 (path :Text) -> (outcome :F.FileOutcome);
  # Right create. Outcomes: done, exists, noSpace, tooLarge (deeper than 64).

  remove @7 (path :Text) -> (outcome :F.FileOutcome);
  # Right remove. A file, or an empty directory. Who has it open gets stale from now on, and its space is free at once.
  # Outcomes: done, notEmpty, denied (the empty path).

  rename @8 (from :Text, into :Directory, to :Text, replace :Bool) -> (outcome :F.FileOutcome);
  # Right remove, and for `into` the right create. Gives it the path `to` in the directory `into`, which may be any directory of this
  # service (null: this one). replace (right remove of `into`): what is there under that name, of the same kind, is
  # removed by it; onto itself, nothing happens. Outcomes: done, exists, notEmpty, isDirectory, notDirectory, inside,
  # elsewhere, noSpace (a limit), tooLarge (it could become deeper than 64).

  sub @9 (path :Text, read :Bool, create :Bool, write :Bool, append :Bool, remove :Bool, limit :Bool)
      -> (outcome :F.FileOutcome, directory :Directory);
  # The directory of that name as a root of its own, with those of the rights that this one has. Outcomes: done, noSpace.

  view @10 (path :Text) -> (outcome :F.FileOutcome, directory :Directory);
  # Right read. The same for reading only: to be kept where sub is taken away. Outcomes: done, noSpace.

  watch @11 (notification :Notification) -> (outcome :F.FileOutcome);
  # Right read. From now on all bits of notification are set when a name in this directory comes, goes or is replaced, when a
  # file in it changes, and when the directory is removed; null ends that. One for each capability that sub or view made (or
  # the image). Outcomes: done, noSpace (then nothing is watched here).

  setLimit @12 (path :Text, bytes :UInt64, entries :UInt64) -> (outcome :F.FileOutcome);
  # Right limit. Bounds what may be below that directory: bytes in pages (FileStat.stored) and entries; 0 = no bound. What is
  # there already stays. Outcomes: done.

  limit @13 (path :Text) -> (outcome :F.FileOutcome, bytes :UInt64, entries :UInt64);
  # Right read. The bounds that setLimit has set there.

  sync @14 () -> (outcome :F.FileOutcome, durability :F.FileDurability);
  # As File.sync, for everything below.

  struct Entry {
    name @0 :Text;
    stat @1 :F.FileStat;
  }
}
