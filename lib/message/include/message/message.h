// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Cap'n Proto messages of one segment, root pointer first, without framing: what every call, answer and exception
 * of capOS is. Used by the kernel, by processes and on the host; needs no allocation and no libc.
 *
 * - message/reader.h: zero-copy reading, by byte offset. Generated readers are thin wrappers over it, and a program
 *   that knows a schema only at run time (the shell, the tracer) uses it directly.
 * - message/builder.h: building in place, in a buffer of the caller's.
 * - message/frame.h (not included here): segment framing, several segments and packing, for disk and network.
 *
 * Floating-point accessors exist where the compiler may use floating-point registers (MSG_FLOAT); the raw bits are
 * always there.
 */
#pragma once

#include <message/builder.h>
#include <message/reader.h>
