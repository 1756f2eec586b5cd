# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf3f7091cf5f93241;
# CapabilityManager: a process's own capability table, and the kernel objects that it may make.

using import "process_handle.capnp".ProcessHandle;
using import "endpoint.capnp".Endpoint;
using import "notification.capnp".Notification;
using import "revoker.capnp".Revoker;

interface CapabilityManager @0xfa43a36073dfc52d {
  # Looks at and edits the table of the process that calls it, whoever that is; it gives no view of others.

  list @0 (from :UInt32) -> (entries :List(Entry), next :UInt32);
  # Up to 12 entries from slot "from" on, in slot order; next is the slot to go on from, 0 at the end.

  describe @1 (capability :Capability) -> (entry :Entry);
  # What one capability is.

  attenuate @2 (capability :Capability, interfaceId :UInt64, methods :UInt64) -> (capability :Capability);
  # The same capability with fewer methods: bit n of methods keeps method n of that interface; other interfaces that it
  # had are dropped. Errors: invalidArgument when it does not have the interface. Bits that it lacks stay absent.

  grant @3 (process :ProcessHandle, capability :Capability, slot :UInt32, note :UInt32) -> (id :UInt64);
  # Gives a copy to a live process whose handle (with its method grant) the caller holds, in its next free slot (slot 0)
  # or in that one. The receiver's ledger is charged; provenance is recorded, with note.
  # Errors: failed when the slot is taken, disconnected when the process has ended, overloaded when its ledger is exhausted.

  drop @4 (id :UInt64) -> ();
  # Releases the capability with that id, as the operation RELEASE does. Errors: invalidArgument when there is none.

  createEndpoint @5 (maxMessage :UInt32, maxCaps :UInt16) -> (endpoint :Endpoint);
  # A new endpoint that accepts calls of at most maxMessage bytes (a multiple of 8, at most 65536) and maxCaps capabilities (at
  # most 16). Errors: invalidArgument.

  createNotification @6 () -> (notification :Notification);
  # A new notification word, all bits clear; the capability may signal and wait for all 64 bits.

  makeRevocable @7 (capability :Capability, expiresNs :UInt64) -> (capability :Capability, revoker :Revoker);
  # The same capability, to be lent: it, its copies, and whatever comes back through it stop working when revoker.revoke is called, or
  # when the monotonic clock reaches expiresNs (0 = never). Reserve two capabilities.
  # Errors: invalidArgument when expiresNs is past; GATE_DEPTH (status) when it is below eight revocable grants already.

  confine @8 (capability :Capability, scope :TransferScope) -> (capability :Capability);
  # The same capability with a smaller transfer scope: where it, its copies and what is attenuated from it may go. A larger scope than it
  # has stays as it is. A message or grant that would take it further is refused as a whole with the status OUT_OF_SCOPE, and nothing of
  # it is transferred. It says nothing about what the capability's methods give out. Errors: invalidArgument.

  interfaces @9 (capability :Capability) -> (sets :List(Endpoint.MethodSet));
  # All interfaces of one capability, and the methods of each that it may call. Errors: invalidArgument when none was given.

  enum TransferScope {
    any @0;
    session @1;
    # To processes of the session of whoever sends it.
    process @2;
    # Nowhere: not in a message to another process, nor by a grant.
  }

  struct Entry {
    id @0 :UInt64;
    # The capability's id in the table.
    interfaceId @1 :UInt64;
    # Its first interface.
    methods @2 :UInt64;
    # The methods of that interface that it may call, bit n = method n; all ones = unattenuated.
    object @3 :UInt64;
    # A number for the object behind it, the same for all capabilities to it; of a facet, its endpoint's.
    provenance @4 :Provenance;
    giver @5 :UInt32;
    # Process number of whoever it came from, 0 = the kernel; of duplicates, this process.
    flags @6 :UInt32;
    # Bit 0: served by the kernel; bit 1: a template; bit 2: revocable; bit 3: minted by its giver on the way; bit 4: revoked.
    via :union {
      # How it came, as far as its provenance has more to say.
      none @7 :Void;
      interface @8 :UInt64;
      # call, answer: interface (and method) of the call that carried it, in either direction.
      note @9 :UInt64;
      # grant: what the giver noted; init: the line of the image's source, 0 = none.
      origin @10 :UInt64;
      # duplicate: the id, in this table, of the capability that it was made from. It may be gone.
    }
    method @11 :UInt16;
    # With via.interface.
    revocations @12 :UInt8;
    # How many revocable grants it is below; 0 = none.
    lender @13 :UInt32;
    # Process number of who made the innermost of them, 0 = none.
    revoker @14 :UInt64;
    # The number of its Revoker (as object of who holds that), 0 = none.
    key @15 :UInt64;
    # What tells it from others of that object: a process number for ProcessHandle and VirtualMemory, the mask of a Notification; the key
    # of a facet that a process serves only in SystemInspector's lists, otherwise 0.
  }

  enum Provenance {
    boot @0;
    # Given by the kernel to init.
    grant @1;
    # Written by the creator or by CapabilityManager.grant.
    call @2;
    # Came as an argument of a received call.
    answer @3;
    # Came with the answer to a call.
    duplicate @4;
    # Made by DUP from one held before. (What CapabilityManager makes comes as an answer of it.)
  }
}
