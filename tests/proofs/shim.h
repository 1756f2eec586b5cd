/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the shipped text needs to be read by Frama-C 25 (C17, no libc of ours, one CPU): atomics are plain accesses, lock
 * annotations and hints vanish. Concurrency is the business of tests/models.
 */
#include <stddef.h>
#include <stdint.h>

#define bool _Bool
#define true 1
#define false 0
#define likely(x) (x)
#define unlikely(x) (x)
#define REQUIRES(x)
#define load_relaxed(p) (*(p))
#define load_acquire(p) (*(p))
#define store_relaxed(p, v) (*(p) = (v))
#define store_release(p, v) (*(p) = (v))
#define __builtin_expect(x, y) (x)
#define __builtin_assume(x) ((void)0)
