// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Processes: creation, the list of all, and what is left to do when the last thread has stopped.
 */
#include <cap/capture.h>
#include <cap/gate_mapping.h>
#include <cap/process.h>
#include <core/atomic.h>
#include <mm/slab.h>

static const uint64_t default_limits[LEDGER_COUNT] = {
	[LEDGER_PAGES] = 16384, [LEDGER_ENTRIES] = 1024, [LEDGER_OBJECTS] = 4096,
	[LEDGER_THREADS] = 64,  [LEDGER_PROCESSES] = 64, [LEDGER_CALLS] = 64,
};

static struct slab_cache process_cache = SLAB_CACHE(process);
static struct spinlock process_list_lock = SPINLOCK_INIT(LOCK_RANK_PROCESS);
static struct list process_list = LIST_INIT(process_list);
static uint32_t next_pid = 1;

const struct object_type *process_object_type, *process_space_object_type;

static void set_name(struct process *process, const char *name, size_t len)
{
	for (size_t i = 0; i < len && i < PROCESS_NAME_MAX; i++)
		store_relaxed(&process->name[i], (char)(name[i] >= ' ' && name[i] < 127 ? name[i] : '?'));
}

void process_rename(struct process *process, const char *name, size_t len)
{
	spin_lock(&process->lock);
	for (size_t i = 0; i <= PROCESS_NAME_MAX; i++)
		store_relaxed(&process->name[i], (char)0);
	set_name(process, name, len);
	spin_unlock(&process->lock);
}

static void list_add(struct process *process)
{
	spin_lock(&process_list_lock);
	process->pid = next_pid++;
	list_push_back(&process_list, &process->link);
	spin_unlock(&process_list_lock);
}

/* Memory outlives the process that paid for it when others have it mapped. */
static void hold_ledger(struct ledger *ledger, bool more)
{
	struct process *process = container_of(ledger, struct process, ledger);

	if (more)
		process_get(process);
	else
		process_put(process);
}

static void init_fields(struct process *process, struct process *creator, struct session *session,
			const struct process_limits *limits)
{
	for (unsigned r = 0; r < LEDGER_COUNT; r++)
		process->ledger.limit[r] = limits->resource[r] != 0 ? limits->resource[r] : default_limits[r];
	process->ledger.hold = hold_ledger;
	spin_init(&process->lock, LOCK_RANK_PROCESS);
	list_init(&process->threads);
	list_init(&process->waiters);
	list_init(&process->gate_mappings);
	process->creator = creator;
	process->session = session;
	object_get(&session->object);
	process->refs = 2; /* object and space_object */
	(void)object_init(&process->object, process_object_type, NULL);
	(void)object_init(&process->space_object, process_space_object_type, NULL);
}

static void give_back(struct process *sponsor, const uint64_t share[LEDGER_COUNT], unsigned count)
{
	for (unsigned r = 0; r < count; r++)
		ledger_credit(&sponsor->ledger, (enum ledger_resource)r, share[r]);
}

/* Turns limits that are to be shared into amounts, charged to the sponsor. NO_QUOTA: nothing is. */
static enum status take_share(struct process *sponsor, struct process_limits *limits)
{
	const struct ledger *ledger = &sponsor->ledger;

	for (unsigned r = 0; r < LEDGER_COUNT; r++) {
		uint64_t used = load_relaxed(&ledger->used[r]), limit = ledger->limit[r];
		uint64_t half = used < limit ? (limit - used) / 2 : 0;
		if (limits->resource[r] == 0)
			limits->resource[r] = half < default_limits[r] ? half : default_limits[r];
		if (limits->resource[r] == 0 || ledger_charge(&sponsor->ledger, (enum ledger_resource)r,
							      limits->resource[r]) != STATUS_OK) {
			give_back(sponsor, limits->resource, r);
			return STATUS_NO_QUOTA;
		}
	}
	return STATUS_OK;
}

static enum status create_within(struct process *creator, struct session *session, const char *name,
				 size_t name_len, const struct process_limits *limits, struct process **out);

enum status process_create(struct process *creator, struct session *session, const char *name,
			   size_t name_len, const struct process_limits *limits, struct process **out)
{
	struct process_limits share = *limits;

	if (!limits->shared)
		return create_within(creator, session, name, name_len, limits, out);
	enum status status = take_share(creator, &share);
	if (status != STATUS_OK)
		return status;
	status = create_within(creator, session, name, name_len, &share, out);
	if (status != STATUS_OK) {
		give_back(creator, share.resource, LEDGER_COUNT);
		return status;
	}
	process_get(creator);
	(*out)->sponsor = creator;
	return STATUS_OK;
}

static enum status create_within(struct process *creator, struct session *session, const char *name,
				 size_t name_len, const struct process_limits *limits, struct process **out)
{
	enum status status = STATUS_OK;

	if (creator != NULL)
		status = ledger_charge(&creator->ledger, LEDGER_PROCESSES, 1);
	if (status != STATUS_OK)
		return status;
	struct process *process = slab_alloc(&process_cache);
	status = STATUS_NO_MEMORY;
	if (process == NULL)
		goto uncharge;
	init_fields(process, creator,
		    session != NULL   ? session
		    : creator != NULL ? creator->session
				      : &session_of_boot,
		    limits);
	set_name(process, name, name_len);
	status = cap_table_init(&process->table, &process->ledger);
	if (status != STATUS_OK)
		goto free_process;
	status = space_init(&process->space, &process->ledger);
	if (status != STATUS_OK)
		goto free_table;
	if (creator != NULL)
		process_get(creator);
	list_add(process);
	*out = process;
	return STATUS_OK;

free_table:
	(void)cap_table_fini(&process->table); /* empty: in one go */
free_process:
	object_put(&process->session->object);
	slab_free(&process_cache, process);
uncharge:
	if (creator != NULL)
		ledger_credit(&creator->ledger, LEDGER_PROCESSES, 1);
	return status;
}

bool process_end(struct process *process)
{
	struct process *creator = process->creator;

	if (!cap_table_fini(&process->table) || !gate_mappings_drop(process) || !space_fini(&process->space))
		return false;
	spin_lock(&process->lock);
	store_relaxed(&process->creator, (struct process *)NULL);
	store_release(&process->state, (uint8_t)PROCESS_ENDED);
	spin_unlock(&process->lock);
	spin_lock(&process_list_lock);
	list_remove(&process->link);
	spin_unlock(&process_list_lock);
	if (creator != NULL) {
		ledger_credit(&creator->ledger, LEDGER_PROCESSES, 1);
		process_put(creator);
	}
	return true;
}

static void process_free(struct quiesce_node *node)
{
	struct process *process = container_of(node, struct process, quiesce);

	if (process->console_line != NULL)
		heap_free(process->console_line, sizeof(struct console_line));
	capture_end(process);
	object_put(&process->session->object);
	/* What it was charged for has outlived it, perhaps; now all of that is gone. */
	if (process->sponsor != NULL) {
		give_back(process->sponsor, process->ledger.limit, LEDGER_COUNT);
		process_put(process->sponsor);
	}
	slab_free(&process_cache, process);
}

void process_put(struct process *process)
{
	if (atomic_sub(&process->refs, 1) == 1)
		quiesce_free(&process->quiesce, process_free);
}

/* NULL: whoever made it, started or not. */
static struct process *next(uint32_t from, const struct process *unstarted_of)
{
	struct process *best = NULL;

	spin_lock(&process_list_lock);
	list_for_each (it, &process_list) {
		struct process *process = container_of(it, struct process, link);
		if (process->pid >= from && /* in order of creation */
		    (unstarted_of == NULL || (load_relaxed(&process->state) == PROCESS_CREATED &&
					      load_relaxed(&process->creator) == unstarted_of))) {
			best = process;
			process_get(best);
			break;
		}
	}
	spin_unlock(&process_list_lock);
	return best;
}

struct process *process_next(uint32_t from)
{
	return next(from, NULL);
}

struct process *process_next_unstarted(uint32_t from, const struct process *creator)
{
	return next(from, creator);
}

const struct process *process_peek(const struct process *after)
{
	const struct list *link = after ? after->link.next : process_list.next;

	return link == &process_list ? NULL : container_of(link, struct process, link);
}

/* A sum over all processes that have not ended. */
static uint64_t total(enum ledger_resource resource, bool count)
{
	uint64_t sum = 0;

	spin_lock(&process_list_lock);
	list_for_each (it, &process_list) {
		struct process *process = container_of(it, struct process, link);
		sum += count ? 1 : load_relaxed(&process->ledger.used[resource]);
	}
	spin_unlock(&process_list_lock);
	return sum;
}

uint64_t process_count(void)
{
	return total(LEDGER_PROCESSES, true);
}

uint64_t process_total_entries(void)
{
	return total(LEDGER_ENTRIES, false);
}

uint64_t process_total_threads(void)
{
	return total(LEDGER_THREADS, false);
}
