// SPDX-License-Identifier: MIT OR Apache-2.0
/* Memory of a pool (pool.h) that is paid for out of shares (shares.h), byte by byte: nobody's pieces take what is for the others. */
#pragma once

#include <pool/pool.h>
#include <pool/shares.h>

struct paid_pool {
	struct pool *pool;
	struct shares *shares;
	/* Gives some of it back that is to be freed; false: nothing more. Asked before there is none. May be null. */
	bool (*reclaim)(void *context);
	void *context;
};

#define PAID_BY_NOBODY UINT8_MAX /* a payer: the service itself, which is not counted */

/* `self`: a struct paid_pool. Null: no memory, or none for that payer (a place of its shares). */
[[nodiscard]] void *paid_pool_alloc(void *self, uint8_t payer, size_t bytes);
void paid_pool_free(void *self, uint8_t payer, void *piece, size_t bytes);
