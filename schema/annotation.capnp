# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf65a2dd0cb21db5a;
# What the schemas of this tree say about methods and parameters beyond their types.

annotation idempotent @0xe8737d6b6e310a2b (method) :Void;
# Calling it twice is as good as calling it once. A generated client sends such a call again when its server ended before it had
# answered (status DISCONNECTED): the successor of a supervised service answers it (docs/guide/supervision.md). A call of any other
# method ends with DISCONNECTED, and whether it was carried out is for the caller to find out.

# What a server's generated code checks before the method runs: a call beyond it raises invalidArgument with the parameter's name. (What
# only some holders are to be kept from is not for the schema, but for Attenuator.where.)

annotation maxBytes @0xb7edd517b8a3c3ef (field, param) :UInt32;
# The longest Text or Data that the method takes.

annotation atMost @0xf1228a6eb0dbc41e (field, param) :UInt64;
# The largest unsigned number that the method takes.

annotation oneOf @0x89d445c8b4f6bbf7 (field, param) :List(Text);
# The only texts that the method takes.

annotation path @0xe6750409d712613a (field, param) :Void;
# A Text that is a path: components separated by "/". Nothing is checked; who narrows it (the shell's ^=) means whole components.
