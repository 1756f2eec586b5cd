// SPDX-License-Identifier: MIT OR Apache-2.0
/* What is lent to a process is lent to its clone. */
#include <cap/gate_mapping.h>
#include <core/log.h>
#include <mm/space.h>

/* What one of the parent's records is about, if its gate lives; the gate counted. */
static bool find_lent(struct process *from, const struct mapping *m, struct gate **gate,
		      struct memory **memory)
{
	uint64_t end = m->base.raw + m->pages * PAGE_SIZE;
	bool found = false;

	spin_lock(&gate_lock);
	list_for_each (it, &from->gate_mappings) {
		struct gate_mapping *record = container_of(it, struct gate_mapping, process_link);
		if (mapping_shows(m, record->memory) && record->address < end &&
		    m->base.raw < record->address + record->pages * PAGE_SIZE &&
		    gate_is_alive(record->gate)) {
			*gate = record->gate;
			*memory = record->memory;
			gate_get(*gate);
			found = true;
			break;
		}
	}
	spin_unlock(&gate_lock);
	return found;
}

enum status gate_mappings_clone(struct process *from, struct process *to)
{
	struct memory *memory;
	struct mapping m;
	struct gate *gate;

	for (unsigned i = 0; space_mapping(&to->space, i, &m);) {
		i++;
		if (m.kind != MAPPING_LENT)
			continue;
		if (!find_lent(from, &m, &gate, &memory)) {
			enum status status = space_unmap(&to->space, m.base, m.pages);
			kassert(status == STATUS_OK); /* all of a mapping that nobody else knows */
			i--;
			continue;
		}
		struct gate_mapping *record;
		enum status status = gate_mapping_prepare(to, gate, memory, m.pages, &record);
		gate_put(gate);
		if (status != STATUS_OK)
			return status;
		gate_mapping_link(record, m.base.raw);
	}
	return STATUS_OK;
}
