// SPDX-License-Identifier: MIT OR Apache-2.0
/* Facet keys. See the header; everything here is under the endpoint's lock. */
#include <cap/process.h>
#include <cap/view.h>
#include <core/cpu.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/facet.h>

#define FIRST_BUCKETS 8u

static struct slab_cache facet_key_cache = SLAB_CACHE(facet_key);

/* Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): keys are the server's own, often small numbers or addresses. */
static struct list *bucket_of(const struct facet_table *table, uint64_t key)
{
	return &table->buckets[(key * 0x9e3779b97f4a7c15ull >> 32) & (table->bucket_count - 1)];
}

/* Doubles the table; keeps the old one if there is no memory. */
static bool grow(struct facet_table *table)
{
	struct facet_table larger = {.bucket_count = table->bucket_count ? table->bucket_count * 2
									 : FIRST_BUCKETS,
				     .count = table->count};
	struct list *node;

	larger.buckets = heap_alloc(larger.bucket_count * sizeof(struct list));
	if (larger.buckets == NULL)
		return table->buckets != NULL;
	for (uint32_t i = 0; i < larger.bucket_count; i++)
		list_init(&larger.buckets[i]);
	for (uint32_t i = 0; i < table->bucket_count; i++) {
		while ((node = list_pop_front(&table->buckets[i])) != NULL) {
			struct facet_key *facet = container_of(node, struct facet_key, link);
			list_push_back(bucket_of(&larger, facet->key), node);
		}
	}
	if (table->buckets != NULL)
		heap_free(table->buckets, table->bucket_count * sizeof(struct list));
	*table = larger;
	return true;
}

static struct facet_key *find(const struct facet_table *table, uint64_t key)
{
	if (table->buckets == NULL)
		return NULL;
	list_for_each (it, bucket_of(table, key)) {
		struct facet_key *facet = container_of(it, struct facet_key, link);
		if (facet->key == key && !facet->retired)
			return facet;
	}
	return NULL;
}

/* The key of a view that is being made; its payer pays for a new one as well. */
static enum status find_or_make(struct endpoint *endpoint, struct view *view)
{
	struct facet_table *table = &endpoint->facets;
	struct facet_key *facet = view->facet = find(table, view->key);

	if (facet != NULL)
		return STATUS_OK;
	if (view->payer != NULL && ledger_charge(&view->payer->ledger, LEDGER_OBJECTS, 1) != STATUS_OK)
		return STATUS_NO_QUOTA;
	if ((table->count < 2 * table->bucket_count || grow(table)))
		facet = slab_alloc(&facet_key_cache);
	if (facet == NULL) {
		if (view->payer != NULL)
			ledger_credit(&view->payer->ledger, LEDGER_OBJECTS, 1);
		return STATUS_NO_MEMORY;
	}
	if (view->payer != NULL)
		process_get(view->payer);
	facet->payer = view->payer;
	facet->endpoint = endpoint;
	facet->key = view->key;
	facet->notice.kind = NOTICE_RELEASED;
	list_init(&facet->notice.link);
	list_push_back(bucket_of(table, view->key), &facet->link);
	table->count++;
	view->facet = facet;
	return STATUS_OK;
}

static void facet_key_free(struct quiesce_node *node)
{
	slab_free(&facet_key_cache, container_of(node, struct facet_key, quiesce));
}

static void free_key(struct facet_key *facet)
{
	list_remove(&facet->link);
	list_remove(&facet->notice.link);
	facet->endpoint->facets.count--;
	struct process *payer = facet->payer;
	quiesce_free(&facet->quiesce, facet_key_free);
	if (payer == NULL)
		return;
	ledger_credit(&payer->ledger, LEDGER_OBJECTS, 1);
	process_put(payer);
}

enum status facet_key_enter(struct endpoint *endpoint, struct view *view)
{
	spin_lock(&endpoint->lock);
	enum status status = find_or_make(endpoint, view);
	if (status == STATUS_OK) {
		view->facet->live++;
		view->facet->mints += view->minted;
		list_remove(&view->facet->notice.link); /* withdrawn, if it was on its way */
	}
	spin_unlock(&endpoint->lock);
	return status;
}

/* True: the notice waits for the end of this CPU's batch. */
static bool tell_later(struct endpoint *endpoint)
{
	struct cpu *cpu = this_cpu();

	if (!cpu->batch || cpu->told_later == endpoint)
		return cpu->batch;
	if (cpu->told_later != NULL)
		return false;
	object_get(&endpoint->object);
	cpu->told_later = endpoint;
	return true;
}

void facet_tell_now(struct cpu *cpu)
{
	struct endpoint *endpoint = cpu->told_later;

	cpu->told_later = NULL;
	if (load_relaxed(&endpoint->backlog))
		endpoint_pump(endpoint);
	object_put(&endpoint->object);
}

void facet_key_leave(struct view *view)
{
	struct facet_key *facet = view->facet;
	struct endpoint *endpoint = facet->endpoint;
	bool tell = false;

	spin_lock(&endpoint->lock);
	if (--facet->live == 0) {
		tell = !facet->retired && !endpoint->dead;
		if (tell) {
			list_push_back(&endpoint->notices, &facet->notice.link);
			endpoint->backlog = true;
		} else {
			free_key(facet);
		}
	}
	spin_unlock(&endpoint->lock);
	if (tell && !tell_later(endpoint))
		endpoint_pump(endpoint);
}

bool facet_key_retire(struct endpoint *endpoint, uint64_t key)
{
	spin_lock(&endpoint->lock);
	struct facet_key *facet = find(&endpoint->facets, key);
	if (facet != NULL && facet->live == 0)
		free_key(facet);
	else if (facet != NULL)
		__atomic_store_n(&facet->retired, true, __ATOMIC_RELAXED);
	spin_unlock(&endpoint->lock);
	return facet != NULL;
}

void facet_key_take_notice(struct facet_key *facet, uint64_t *key, uint64_t *mints)
{
	*key = facet->key;
	*mints = facet->mints;
	free_key(facet);
}

static bool is_listed(uint64_t key, const uint64_t *keep, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (keep[i] == key)
			return true;
	return false;
}

/* One bucket. A key without facets, whose notice is on its way, is forgotten. */
static unsigned retire_bucket(struct endpoint *endpoint, uint32_t bucket, const uint64_t *keep,
			      unsigned count) REQUIRES(endpoint->lock)
{
	struct list *all = &endpoint->facets.buckets[bucket];
	unsigned retired = 0;

	for (struct list *it = all->next, *next; it != all; it = next) {
		struct facet_key *facet = container_of(it, struct facet_key, link);
		next = it->next;
		if (facet->retired || is_listed(facet->key, keep, count))
			continue;
		if (facet->live == 0)
			free_key(facet);
		else
			__atomic_store_n(&facet->retired, true, __ATOMIC_RELAXED);
		retired++;
	}
	return retired;
}

unsigned facet_keys_retire_others(struct endpoint *endpoint, const uint64_t *keep, unsigned count)
{
	unsigned retired = 0;
	bool more = true;

	/* The lock is given back between buckets. A table that grows meanwhile leaves none out: what was in bucket i goes to i and to
	 * i + the old number, and was retired. */
	for (uint32_t i = 0; more; i++) {
		spin_lock(&endpoint->lock);
		more = i < endpoint->facets.bucket_count;
		if (more)
			retired += retire_bucket(endpoint, i, keep, count);
		spin_unlock(&endpoint->lock);
	}
	return retired;
}

void facet_table_fini(struct facet_table *table)
{
	for (uint32_t i = 0; i < table->bucket_count; i++)
		while (!list_is_empty(&table->buckets[i]))
			free_key(list_first(&table->buckets[i], struct facet_key, link));
	if (table->buckets != NULL)
		heap_free(table->buckets, table->bucket_count * sizeof(struct list));
	*table = (struct facet_table){0};
}
