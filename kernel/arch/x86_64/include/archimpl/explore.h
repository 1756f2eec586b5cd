// SPDX-License-Identifier: MIT OR Apache-2.0
/* On a real machine other CPUs go on whenever they like. */
#pragma once

static inline void arch_switch_point(void)
{
}
