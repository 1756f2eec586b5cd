// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The real kernel above the simulated machine. In a file of its own: only a test that runs the whole machine names
 * all of these, so tests of core and mm link without the rooms above.
 */
#include <archimpl/machine.h>
#include <mm/frame.h>

static bool frame_in_use(paddr_t frame)
{
	return !frame_is_free(frame);
}

static void cpu_main(unsigned cpu_id)
{
	(void)cpu_id;
	arch_resume_loop();
}

struct host_hooks host_kernel_hooks(void)
{
	return (struct host_hooks){
		.on_syscall = kernel_on_syscall,
		.on_fault = kernel_on_fault,
		.on_interrupt = kernel_on_interrupt,
		.on_timer = kernel_on_timer,
		.on_ipi_call = kernel_on_ipi_call,
		.next = kernel_next,
		.cpu_main = cpu_main,
		.frame_in_use = frame_in_use,
	};
}
