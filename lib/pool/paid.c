// SPDX-License-Identifier: MIT OR Apache-2.0
#include <pool/paid.h>

static void *take(const struct paid_pool *paid, uint8_t payer, size_t bytes)
{
	void *piece;

	if (payer != PAID_BY_NOBODY && !shares_take_many(paid->shares, payer, bytes))
		return nullptr;
	piece = pool_alloc(paid->pool, bytes);
	if (!piece && payer != PAID_BY_NOBODY)
		shares_give_many(paid->shares, payer, bytes);
	return piece;
}

void *paid_pool_alloc(void *self, uint8_t payer, size_t bytes)
{
	const struct paid_pool *paid = self;
	bool more = paid->reclaim != nullptr;
	void *piece;

	while (!(piece = take(paid, payer, bytes)) && more)
		more = paid->reclaim(paid->context);
	return piece;
}

void paid_pool_free(void *self, uint8_t payer, void *piece, size_t bytes)
{
	const struct paid_pool *paid = self;

	pool_free(paid->pool, piece, bytes);
	if (payer != PAID_BY_NOBODY)
		shares_give_many(paid->shares, payer, bytes);
}
