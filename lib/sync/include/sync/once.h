// SPDX-License-Identifier: MIT OR Apache-2.0
/* Something that is done by the first thread that needs it, while others wait. Zeroed memory: not done yet. */
#pragma once

#include <stdint.h>

struct once {
	uint32_t word;
};

/* `what` has returned, once, when this returns; what it wrote is seen. It must not come here again for the same. */
void once_do(struct once *once, void (*what)(void));
