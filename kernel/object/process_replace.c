// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * ProcessSpawner.replace: a process goes on as another program.
 *
 * Nothing else happens in it: there is one thread, it is in this call, and no other call of it is in flight. So what is looked at here changes
 * only where others have its address space, too, and what they do is up to them. The new thread is made first, because that may fail; it
 * does not run before the rest is done.
 */
#include "object_types.h"
#include "process_replace.h"

#include <arch/paging.h>
#include <cap/gate_mapping.h>
#include <core/work.h>

#define KEEP_MAX 96u
#define ENTRY_WORK 2048u

struct kept {
	uint64_t ids[KEEP_MAX];
	uint32_t count;
};

static bool is_kept(const struct kept *kept, uint64_t id)
{
	for (uint32_t i = 0; i < kept->count; i++)
		if (kept->ids[i] == id)
			return true;
	return false;
}

static void release_others(struct process *process, const struct kept *kept)
{
	uint64_t begin = work_begin();
	struct provenance ignored;
	struct cap_entry entry;
	uint32_t slot = 0;

	while (cap_table_next(&process->table, slot + 1, &slot, &entry, &ignored)) {
		cap_id id = cap_id_make(slot, entry.generation);

		if (!is_kept(kept, id.raw))
			(void)cap_table_release(&process->table, id);
		work_done(ENTRY_WORK);
		work_pause(&begin);
	}
}

static bool goes(const struct mapping *m, uint64_t base, uint64_t end)
{
	uint64_t last = m->base.raw + (uint64_t)m->pages * PAGE_SIZE;

	return !m->pinned && (last <= base || m->base.raw >= end);
}

/* Whole mappings: nothing is split, so nothing can fail. */
static void unmap_others(struct process *process, uint64_t base, uint64_t end)
{
	uint64_t begin = work_begin();
	struct mapping m;

	for (unsigned i = 0; space_mapping(&process->space, i, &m);) {
		if (goes(&m, base, end) && space_unmap(&process->space, m.base, m.pages) == STATUS_OK)
			gate_mappings_unmapped(process, m.base.raw,
					       m.base.raw + (uint64_t)m.pages * PAGE_SIZE);
		else
			i++;
		work_done(ENTRY_WORK);
		work_pause(&begin);
	}
}

static enum status check(struct rpc_request *request, const struct thread_start *how, struct msg_list keep,
			 struct msg_text name)
{
	const struct thread *caller = kcall_of(request)->thread;

	if (how->entry.raw >= arch_user_end || how->stack.raw >= arch_user_end)
		return object_raise_invalid(request, "outside the user half", "entry or stack");
	if (keep.count > KEEP_MAX)
		return object_raise_invalid(request, "at most 96 capabilities", "keep");
	if (name.len > PROCESS_NAME_MAX)
		return object_raise_invalid(request, "at most 31 bytes", "name");
	if (this_cpu()->current != &caller->sched || load_relaxed(&caller->process->thread_count) != 1)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "the process has other threads", NULL);
	if (caller->ring.pending != 0)
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "other calls are in flight", NULL);
	return STATUS_OK;
}

enum status process_replace(void *self, struct rpc_request *request,
			    struct process_spawner_replace_params_reader params)
{
	struct thread *caller = kcall_of(request)->thread, *next;
	struct process *process = caller->process;
	struct thread_start how = {
		.entry = VADDR(process_spawner_replace_params_reader_entry(params)),
		.stack = VADDR(process_spawner_replace_params_reader_stack(params)),
		.start_message = process_spawner_replace_params_reader_start_message(params),
		.start_message_len = process_spawner_replace_params_reader_start_message_length(params),
		.geometry = {process_spawner_replace_params_reader_submissions(params),
			     process_spawner_replace_params_reader_arena_bytes(params)},
	};
	uint64_t base = process_spawner_replace_params_reader_address(params);
	uint64_t length = process_spawner_replace_params_reader_length(params);
	struct msg_list keep = process_spawner_replace_params_reader_keep(params);
	struct msg_text name = process_spawner_replace_params_reader_name(params);
	struct kept kept = {.count = keep.count};

	(void)self;
	enum status status = check(request, &how, keep, name);
	if (status != STATUS_OK)
		return status;
	for (uint32_t i = 0; i < keep.count; i++)
		kept.ids[i] = msg_list_u64(keep, i);
	status = thread_prepare(process, &how, &next);
	if (status != STATUS_OK)
		return object_raise_status(request, status, "submissions or arenaBytes");
	/* From here on there is no way back: the caller ends when it would return. */
	(void)atomic_or(&caller->ring.signals, (uint32_t)RING_KILL);
	if (name.len != 0)
		process_rename(process, name.ptr, name.len);
	release_others(process, &kept);
	unmap_others(process, base, length <= arch_user_end - base ? base + length : arch_user_end);
	thread_begin(next);
	return STATUS_OK;
}
