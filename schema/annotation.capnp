# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf65a2dd0cb21db5a;
# What the schemas of this tree say about methods and parameters beyond their types.

annotation idempotent @0xe8737d6b6e310a2b (method) :Void;
# Calling it twice is as good as calling it once. A generated client sends such a call again when its server ended before it had
# answered (status DISCONNECTED): the successor of a supervised service answers it (docs/guide/supervision.md). A call of any other
# method ends with DISCONNECTED, and whether it was carried out is for the caller to find out.
