// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: between thread.c, enter.c and complete.c. */
#pragma once

#include <ring/thread.h>

void enter_init(struct thread *thread);
/* Ends the cap_enter of a thread that waits in it, or is about to return: its result is set. */
void enter_finish(struct thread *thread, uint32_t reasons);
/* Gives back what a request held that will never be completed. */
void request_release(struct ring *ring, struct request *request);
/* The record of a delivered call forgets it; for who won its claim. */
void request_detach(struct request *request);
