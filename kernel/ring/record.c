// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Service records. A process's records come in blocks that are only freed with the process, so that a token's index
 * can be looked up without a lock; every other safety lies in the generation inside `word`.
 */
#include "ops.h"

#include <core/atomic.h>
#include <mm/slab.h>
#include <ring/endpoint.h>
#include <ring/record.h>

#define BLOCK 16u
#define MAX_BLOCKS 256u

struct service_records {
	struct spinlock lock;        /* rank TABLE */
	struct service_record *free; /* l */
	uint32_t blocks;             /* l; read by anyone: grows only */
	struct service_record *block[MAX_BLOCKS];
};

/* The directory is made at a process's first RECV: most processes serve nothing. */
static enum status get_records(struct process *process, struct service_records **out)
{
	struct service_records *records = load_acquire(&process->records);

	if (likely(records != NULL)) {
		*out = records;
		return STATUS_OK;
	}
	records = heap_alloc(sizeof(struct service_records));
	if (records == NULL)
		return STATUS_NO_MEMORY;
	spin_init(&records->lock, LOCK_RANK_TABLE);
	struct service_records *expected = NULL;
	if (!atomic_cas(&process->records, &expected, records)) {
		heap_free(records, sizeof(struct service_records));
		records = expected;
	}
	*out = records;
	return STATUS_OK;
}

static bool grow(struct service_records *records) REQUIRES(records->lock)
{
	if (records->blocks == MAX_BLOCKS)
		return false;
	struct service_record *block = heap_alloc(BLOCK * sizeof(struct service_record));
	if (block == NULL)
		return false;
	for (uint32_t i = 0; i < BLOCK; i++) {
		/* Generation 1: the token 0 is never valid. */
		block[i].word = 1ull << 32 | (records->blocks * BLOCK + i) << 2 | RECORD_FREE;
		block[i].notice.kind = NOTICE_CANCELLED;
		list_init(&block[i].notice.link);
		block[i].next = records->free;
		records->free = &block[i];
	}
	records->block[records->blocks] = block;
	store_release(&records->blocks, records->blocks + 1);
	return true;
}

enum status record_reserve(struct process *process, struct endpoint *endpoint, struct service_record **out)
{
	struct service_records *records;
	enum status status = get_records(process, &records);

	if (status != STATUS_OK)
		return status;
	status = ledger_charge(&process->ledger, LEDGER_CALLS, 1);
	if (status != STATUS_OK)
		return status;
	spin_lock(&records->lock);
	if (records->free != NULL || grow(records)) {
		*out = records->free;
		records->free = (*out)->next;
		store_relaxed(&(*out)->word, ((*out)->word & ~3ull) | RECORD_RESERVED);
	} else {
		status = STATUS_NO_MEMORY;
	}
	spin_unlock(&records->lock);
	if (status == STATUS_OK) {
		object_get(&endpoint->object);
		store_relaxed(&(*out)->endpoint, endpoint);
	} else {
		ledger_credit(&process->ledger, LEDGER_CALLS, 1);
	}
	return status;
}

void record_move(struct service_record *record, struct endpoint *endpoint)
{
	struct endpoint *before = record->endpoint;

	object_get(&endpoint->object);
	store_relaxed(&record->endpoint, endpoint); /* against endpoint_tell_cancelled */
	object_put(&before->object);
}

void record_release(struct process *process, struct service_record *record)
{
	struct service_records *records = load_relaxed(&process->records);

	if (record->slots.count != 0)
		cap_table_unreserve(&process->table, &record->slots);
	/* The pointer stays: who cancelled the last call may still be reading it. */
	object_put(&record->endpoint->object);
	spin_lock(&records->lock);
	/* A sibling thread may be trying to claim it: in vain. */
	store_relaxed(&record->word, (load_relaxed(&record->word) & ~3ull) | RECORD_FREE);
	record->next = records->free;
	records->free = record;
	spin_unlock(&records->lock);
	ledger_credit(&process->ledger, LEDGER_CALLS, 1);
}

struct service_record *record_find(struct process *process, uint64_t token)
{
	struct service_records *records = load_acquire(&process->records);
	uint32_t index = (uint32_t)token >> 2;

	if (records == NULL)
		return NULL;
	uint32_t blocks = load_acquire(&records->blocks);
	if (unlikely(index >= blocks * BLOCK))
		return NULL;
	struct service_record *record = &records->block[index / BLOCK & (MAX_BLOCKS - 1)][index % BLOCK];
	return load_acquire(&record->word) == record_word_of(token) ? record : NULL;
}

bool record_claim(struct service_record *record, uint64_t word)
{
	return atomic_cas(&record->word, &word, record_word_next(word));
}

void record_close(struct service_record *record, bool answered)
{
	struct endpoint *endpoint = record->endpoint;

	if (unlikely(record->gate != NULL)) {
		gate_put(record->gate);
		store_relaxed(&record->gate, (struct gate *)NULL); /* against check_gates */
	}
	/* Whoever aborted the call may be linking the notice right now: after us it finds the record's word changed. */
	if (unlikely(!answered)) {
		spin_lock(&endpoint->lock);
		list_remove(&record->notice.link);
		spin_unlock(&endpoint->lock);
	}
}

/* The server is gone: its caller, if it still waits, learns so. */
static void disconnect(struct process *process, struct service_record *record)
{
	uint64_t word = load_acquire(&record->word);

	if ((word & 3) != RECORD_OPEN || !record_claim(record, word))
		return;
	struct request *caller = load_acquire(&record->caller);
	bool answered = caller != NULL &&
			request_abort(caller, record->caller_sequence, STATUS_DISCONNECTED, NULL);
	record_close(record, answered);
	record_release(process, record);
}

void record_disconnect(struct process *process, uint64_t token, struct thread *receiver)
{
	struct service_record *record = record_find(process, token);

	if (record != NULL && load_relaxed(&record->receiver) == receiver)
		disconnect(process, record);
}

void record_forget_receiver(struct process *process, const struct thread *receiver)
{
	struct service_records *records = load_acquire(&process->records);
	uint32_t count = records != NULL ? load_acquire(&records->blocks) * BLOCK : 0;

	for (uint32_t i = 0; i < count; i++) {
		struct service_record *record = &records->block[i / BLOCK][i % BLOCK];
		if (load_relaxed(&record->receiver) == receiver)
			store_relaxed(&record->receiver, (struct thread *)NULL);
	}
}

void records_disconnect(struct process *process)
{
	struct service_records *records = process->records;

	if (records == NULL)
		return;
	for (uint32_t i = 0; i < records->blocks * BLOCK; i++)
		disconnect(process, &records->block[i / BLOCK][i % BLOCK]);
}

void records_fini(struct process *process)
{
	struct service_records *records = process->records;

	if (records == NULL)
		return;
	for (uint32_t i = 0; i < records->blocks; i++)
		heap_free(records->block[i], BLOCK * sizeof(struct service_record));
	heap_free(records, sizeof(struct service_records));
	process->records = NULL;
}
