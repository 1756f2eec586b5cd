// SPDX-License-Identifier: MIT OR Apache-2.0
/* The vector unit of the running CPU. */
#pragma once

void fpu_setup(void);
