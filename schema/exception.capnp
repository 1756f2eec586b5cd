# SPDX-License-Identifier: MIT OR Apache-2.0
# What an object raises when it cannot do what a call asked for: the middle one of the three layers of failure.

@0x9c0f5d4be2aa1f61;

enum ExceptionType {
	# How the caller might respond. The first four are those of Cap'n Proto's own rpc.capnp, by value.

	failed @0;
	# The same call in the same state of the world would fail again.

	overloaded @1;
	# A lack of resources that may pass: try again, later.

	disconnected @2;
	# Something that the object needs is gone.

	unimplemented @3;
	# The object has no such interface or method.

	invalidArgument @4;
	# A parameter is out of its range; `field` names it.
}

struct Exception {
	# A message of this type is at most 256 bytes; whoever builds it cuts the reason.

	reason @0 :Text;
	# For a person to read.

	field @1 :Text;
	# The parameter that was at fault, as the schema names it; absent if none was.

	type @2 :ExceptionType;
}
