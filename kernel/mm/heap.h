// SPDX-License-Identifier: MIT OR Apache-2.0
/* Between heap.c and slab.c. */
#pragma once

/* Gives kept blocks back. */
void heap_trim(void);
