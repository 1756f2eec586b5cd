# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf1c7a4e82b6d9053;
# Revoker: takes back what was lent.

interface Revoker @0xe6a1b0c94d27f385 {
  # Made together with a revocable capability by CapabilityManager.makeRevocable.

  revoke @0 () -> (entries :UInt64, calls :UInt64, mappings :UInt64);
  # Kills the revocable capability, every copy of it, and everything that was obtained through it. When this returns, no call
  # through it is delivered and no answer to one is accepted any more; waiting calls have completed with the status REVOKED.
  # Counts what died: capabilities in all tables, waiting calls, memory mappings. Doing it again reports zeros.

  info @1 () -> (alive :Bool, entries :UInt64, depth :UInt8, expiresNs :UInt64);
  # Whether it still works, how many capabilities hang on it directly, how many revocable grants it is below (itself included),
  # and when it expires (0 = never).
}
