// SPDX-License-Identifier: MIT OR Apache-2.0
/* Private to the ring room: between thread.c, enter.c, complete.c and complete.h. */
#pragma once

#include <ring/thread.h>

void enter_init(struct thread *thread);
/* The rare cases of complete.h. */
void enter_cancel_deadline(struct thread *thread);
void ring_unclaim_slow(struct ring *ring);
/* Gives back what a request held that will never be completed. */
void request_release(struct ring *ring, struct request *request);
/* The record of a delivered call forgets it; for who won its claim. */
void request_detach(struct request *request);
