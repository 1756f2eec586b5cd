// SPDX-License-Identifier: MIT OR Apache-2.0
/* Backtraces by frame pointers, which all kernel code keeps. Each step must stay on a stack of the stack window. */
#include "layout.h"
#include "smp.h"

#include <arch/platform.h>
#include <core/types.h>

struct frame {
	const struct frame *caller;
	uint64_t pc;
};

static bool is_on_stack(const struct frame *frame)
{
	uint64_t at = (uint64_t)frame, size = (uint64_t)MAX_CPUS << STACK_SLOT_SHIFT;

	return at % 8 == 0 && at >= STACK_WINDOW && at <= STACK_WINDOW + size - sizeof(*frame) &&
	       !smp_is_guard_page(at) && !smp_is_guard_page(at + 8);
}

unsigned arch_backtrace(uint64_t *pcs, unsigned max)
{
	const struct frame *frame = __builtin_frame_address(0);
	unsigned n = 0;

	while (n < max && is_on_stack(frame) && frame->pc != 0) {
		pcs[n++] = frame->pc;
		frame = frame->caller;
	}
	return n;
}
