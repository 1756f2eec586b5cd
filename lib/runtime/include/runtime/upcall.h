// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Upcalls: a function of the program's that the kernel makes a thread run in between, when somebody interrupts it
 * (ThreadHandle.interrupt) or, if asked for, when it faults.
 *
 * The handler runs on the thread's own stack, with further upcalls held back until it returns; a fault in it ends the
 * process. The interrupted code may be anywhere, also inside the ring client: a handler does not use the ring, the heap
 * or printing. It sets variables, or changes the frame, from which the thread then goes on. A thread that waits inside
 * the kernel comes out of it first: ring_wait returns, with CAP_ENTER_UPCALL among its reasons, when the handler has
 * run. A handler must not use vector registers beyond SSE.
 */
#pragma once

#include <abi/region.h>

#define UPCALL_FAULT CAP_UPCALL_FAULT /* in reasons; frame->fault_* say which */

typedef void upcall_handler(uint64_t reasons, struct cap_upcall_frame *frame);

/* For the calling thread. null: none any more. `faults`: also its faults, which otherwise end the process. */
void upcall_set_handler(upcall_handler *handler, bool faults);

/*
 * Holding upcalls of the calling thread back, so that a handler finds nothing half done. Holds nest; in a handler there is one. What comes
 * meanwhile is kept, and ends a wait in the kernel that begins or goes on.
 */
void upcall_hold(void);
uint32_t upcall_holds(void);
/* Takes what was kept; it will not come as an upcall. */
uint64_t upcall_take(void);
/* The last one, in the handler too: what is kept comes now. */
void upcall_release(void);
