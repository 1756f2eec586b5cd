// SPDX-License-Identifier: MIT OR Apache-2.0
/* The vector unit of the running CPU. */
#pragma once

#include <core/types.h>

/* The control word of contexts that a hand-over switches to in one piece: FCW_INITIAL if XSAVE and the FS/GS instructions are there,
 * otherwise none. (Nobody else's; but what refers to a static variable in a section is not inlined elsewhere.) */
extern uint32_t fpu_quick_fcw;

void fpu_setup(void);
