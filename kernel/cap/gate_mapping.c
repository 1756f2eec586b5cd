// SPDX-License-Identifier: MIT OR Apache-2.0
/* Mappings made through gates. */
#include <cap/gate_mapping.h>
#include <core/work.h>
#include <mm/slab.h>
#include <mm/space.h>

static struct slab_cache gate_mapping_cache = SLAB_CACHE(gate_mapping);

enum status gate_mapping_prepare(struct process *process, struct gate *gate, struct memory *memory,
				 uint64_t pages, struct gate_mapping **out)
{
	enum status status = ledger_charge(&process->ledger, LEDGER_OBJECTS, 1);
	struct gate_mapping *mapping;

	if (status != STATUS_OK)
		return status;
	mapping = slab_alloc(&gate_mapping_cache);
	if (mapping == NULL) {
		ledger_credit(&process->ledger, LEDGER_OBJECTS, 1);
		return STATUS_NO_MEMORY;
	}
	process_get(process);
	gate_get(gate);
	memory_get(memory);
	list_init(&mapping->link);
	list_init(&mapping->process_link);
	mapping->process = process;
	mapping->gate = gate;
	mapping->memory = memory;
	mapping->pages = pages;
	*out = mapping;
	return STATUS_OK;
}

void gate_mapping_free(struct gate_mapping *mapping)
{
	struct process *process = mapping->process;

	memory_put(mapping->memory);
	gate_put(mapping->gate);
	slab_free(&gate_mapping_cache, mapping);
	ledger_credit(&process->ledger, LEDGER_OBJECTS, 1);
	process_put(process);
}

void gate_mapping_link(struct gate_mapping *mapping, uint64_t address)
{
	mapping->address = address;
	spin_lock(&gate_lock);
	list_push_back(&mapping->gate->mappings, &mapping->link);
	list_push_back(&mapping->process->gate_mappings, &mapping->process_link);
	spin_unlock(&gate_lock);
}

void gate_mappings_unmapped(struct process *process, uint64_t base, uint64_t end)
{
	struct list gone = LIST_INIT(gone), *all = &process->gate_mappings, *node;

	/* Both locks: a sibling may have mapped lent memory there again, and links its record when that is mapped. */
	spin_lock(&process->space.lock);
	spin_lock(&gate_lock);
	for (struct list *it = all->next, *next; it != all; it = next) {
		struct gate_mapping *mapping = container_of(it, struct gate_mapping, process_link);
		next = it->next;
		if (mapping->address < base || mapping->address + mapping->pages * PAGE_SIZE > end ||
		    space_shows_locked(&process->space, mapping->memory, base, end))
			continue;
		list_remove(&mapping->link);
		list_remove(it);
		list_push_back(&gone, it);
	}
	spin_unlock(&gate_lock);
	spin_unlock(&process->space.lock);
	while ((node = list_pop_front(&gone)) != NULL)
		gate_mapping_free(container_of(node, struct gate_mapping, process_link));
}

/* Every part of the range where this memory is mapped. */
[[gnu::noinline]] static void unmap_memory(struct space *space, const struct memory *memory, uint64_t base,
					   uint64_t end)
{
	struct mapping found;

	while (base < end && space_mapping_of(space, memory, base, end, &found)) {
		uint64_t from = found.base.raw > base ? found.base.raw : base;
		uint64_t to = found.base.raw + (uint64_t)found.pages * PAGE_SIZE;
		to = to < end ? to : end;
		if (space_unmap(space, VADDR(from), (to - from) / PAGE_SIZE) != STATUS_OK)
			base = to; /* its own process was quicker, or it is not to be unmapped */
	}
}

static struct gate_mapping *take(struct list *list, bool of_process)
{
	struct gate_mapping *mapping = NULL;

	spin_lock(&gate_lock);
	if (!list_is_empty(list)) {
		mapping = of_process ? list_first(list, struct gate_mapping, process_link)
				     : list_first(list, struct gate_mapping, link);
		list_remove(&mapping->link);
		list_remove(&mapping->process_link);
	}
	spin_unlock(&gate_lock);
	return mapping;
}

bool gate_mapping_revoke_one(struct gate *gate)
{
	struct gate_mapping *mapping = take(&gate->mappings, false);

	if (mapping == NULL)
		return false;
	/* A process that ends meanwhile keeps its structure until this CPU has left the kernel; its space lock decides. */
	if (load_acquire(&mapping->process->state) <= PROCESS_RUNNING)
		unmap_memory(&mapping->process->space, mapping->memory, mapping->address,
			     mapping->address + mapping->pages * PAGE_SIZE);
	gate_mapping_free(mapping);
	return true;
}

bool gate_mappings_drop(struct process *process)
{
	uint64_t begin = work_begin();

	while (!work_is_enough(begin)) {
		struct gate_mapping *mapping = take(&process->gate_mappings, true);

		if (mapping == NULL)
			return true;
		gate_mapping_free(mapping);
		work_done(WORK_NODE);
	}
	return false;
}
