// SPDX-License-Identifier: MIT OR Apache-2.0
/* Facet keys. See the header; everything here is under the endpoint's lock. */
#include <cap/view.h>
#include <core/cpu.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/facet.h>

#define FIRST_BUCKETS 8u

static uint64_t key_of(struct facet_key *facet)
{
	return facet_key_host(facet)->key;
}

/* Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): keys are the server's own, often small numbers or addresses. */
static struct facet_key **bucket_of(const struct facet_table *table, uint64_t key)
{
	return &table->buckets[(key * 0x9e3779b97f4a7c15ull >> 32) & (table->bucket_count - 1)];
}

static void push(struct facet_table *table, struct facet_key *facet)
{
	struct facet_key **bucket = bucket_of(table, key_of(facet));

	facet->next = *bucket;
	*bucket = facet;
}

static size_t bytes_of(const struct facet_table *table)
{
	return table->bucket_count * sizeof(struct facet_key *);
}

/* Doubles the table; keeps the old one if there is no memory. */
[[gnu::noinline, gnu::cold]] static bool grow(struct facet_table *table)
{
	struct facet_table larger = {.bucket_count = table->bucket_count ? table->bucket_count * 2
									 : FIRST_BUCKETS,
				     .count = table->count,
				     .retired = table->retired};

	larger.buckets = heap_alloc(bytes_of(&larger));
	if (larger.buckets == NULL)
		return table->buckets != NULL;
	for (uint32_t i = 0; i < table->bucket_count; i++) {
		for (struct facet_key *facet = table->buckets[i], *next; facet != NULL; facet = next) {
			next = facet->next;
			push(&larger, facet);
		}
	}
	heap_free(table->buckets, bytes_of(table));
	*table = larger;
	return true;
}

static struct facet_key *find_in(struct facet_key *facet, uint64_t key)
{
	while (facet != NULL && (key_of(facet) != key || facet->retired))
		facet = facet->next;
	return facet;
}

static struct facet_key *find(const struct facet_table *table, uint64_t key)
{
	return table->buckets != NULL ? find_in(*bucket_of(table, key), key) : NULL;
}

/* The key becomes the view's own. */
static inline struct facet_key *make_key(struct facet_table *table, struct facet_key **bucket,
					 struct view *view)
{
	struct facet_key *facet = facet_key_of_room(view);

	view->room |= VIEW_ROOM_TAKEN; /* nobody else sees it yet */
	facet->next = *bucket;
	facet->notice.kind = NOTICE_RELEASED;
	list_init(&facet->notice.link);
	facet->mints = view->minted;
	facet->live = 1;
	facet->retired = false;
	*bucket = facet;
	table->count++;
	return facet;
}

/* One more view has it. */
[[gnu::noinline]] static void join_key(struct facet_key *facet, const struct view *view)
{
	(void)atomic_or(&facet_key_host(facet)->room, (uint32_t)VIEW_ROOM_SEEN);
	facet->live++;
	facet->mints += view->minted;
	list_remove(&facet->notice.link); /* withdrawn, if it was on its way */
}

static void count_retired(struct facet_table *table, uint32_t change)
{
	table->retired += change;
	container_of(table, struct endpoint, facets)->some_retired = table->retired != 0;
}

static void mark_retired(struct facet_table *table, struct facet_key *facet)
{
	__atomic_store_n(&facet->retired, true, __ATOMIC_RELAXED);
	count_retired(table, 1);
}

static void forget(struct facet_table *table, struct facet_key *facet)
{
	struct facet_key **link = bucket_of(table, key_of(facet));

	while (*link != facet)
		link = &(*link)->next;
	*link = facet->next;
	table->count--;
	if (facet->retired)
		count_retired(table, -1u);
	list_remove(&facet->notice.link);
	view_leave_room(facet_key_host(facet));
}

[[gnu::always_inline]] static inline enum status enter(struct endpoint *endpoint, struct view *view)
{
	struct facet_table *table = &endpoint->facets;
	enum status status = STATUS_OK;

	spin_lock(&endpoint->lock);
	if (likely(table->count < 2 * table->bucket_count) || grow(table)) {
		struct facet_key **bucket = bucket_of(table, view->key), *facet = find_in(*bucket, view->key);

		if (likely(facet == NULL))
			facet = make_key(table, bucket, view);
		else
			join_key(facet, view);
		view->facet = facet;
	} else {
		status = STATUS_NO_MEMORY;
	}
	spin_unlock(&endpoint->lock);
	return status;
}

enum status facet_key_enter(struct endpoint *endpoint, struct view *view)
{
	return enter(endpoint, view);
}

enum status facet_mint(struct process *payer, const struct view *template, uint64_t key, struct view **out)
{
	enum status status = view_mint(payer, template, key, out);

	if (unlikely(status != STATUS_OK))
		return status;
	status = enter(container_of(template->object, struct endpoint, object), *out);
	if (unlikely(status != STATUS_OK))
		view_unmint(*out);
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
	cpu->batch = BATCH_LEFT;
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

void facet_key_leave(struct endpoint *endpoint, struct view *view)
{
	struct facet_key *facet = view->facet;
	bool tell = false;

	spin_lock(&endpoint->lock);
	if (--facet->live == 0) {
		tell = !facet->retired && !endpoint->dead;
		if (tell) {
			list_push_back(&endpoint->notices, &facet->notice.link);
			store_relaxed(&endpoint->backlog, true);
		} else {
			forget(&endpoint->facets, facet);
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
		forget(&endpoint->facets, facet);
	else if (facet != NULL)
		mark_retired(&endpoint->facets, facet);
	spin_unlock(&endpoint->lock);
	return facet != NULL;
}

void facet_key_take_notice(struct endpoint *endpoint, struct facet_key *facet, uint64_t *key, uint64_t *mints)
{
	*key = key_of(facet);
	*mints = facet->mints;
	forget(&endpoint->facets, facet);
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
	struct facet_table *table = &endpoint->facets;
	unsigned retired = 0;

	for (struct facet_key *facet = table->buckets[bucket], *next; facet != NULL; facet = next) {
		next = facet->next;
		if (facet->retired || is_listed(key_of(facet), keep, count))
			continue;
		if (facet->live == 0)
			forget(table, facet);
		else
			mark_retired(&endpoint->facets, facet);
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
		while (table->buckets[i] != NULL)
			forget(table, table->buckets[i]);
	heap_free(table->buckets, bytes_of(table));
	*table = (struct facet_table){0};
}
