// SPDX-License-Identifier: MIT OR Apache-2.0
/* Counting semaphores, up to 2^31 - 1. */
#pragma once

#include <abi/status.h>
#include <stdint.h>

struct semaphore {
	uint32_t word; /* the count above bit 0; bit 0: perhaps waited for */
};

void semaphore_init(struct semaphore *semaphore, uint32_t count);
/* Takes one; waits until there is one. Errors: TIMED_OUT (deadline_ns absolute; 0: none). */
[[nodiscard]] enum status semaphore_take(struct semaphore *semaphore, uint64_t deadline_ns);
/* Gives one. Errors: TOO_LARGE when the count is at its end. */
enum status semaphore_give(struct semaphore *semaphore);
uint32_t semaphore_count(const struct semaphore *semaphore);
