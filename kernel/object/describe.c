// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is told of a capability (CapabilityManager of one's own, SystemInspector of all) and of what happened (ProcessHandle.events,
 * SystemInspector.events): from the kernel's structures to messages.
 *
 * Entries are copied out under the table's lock, one at a time; the views and gates that they name stay until this entry of the kernel is
 * over (quiescence), whatever becomes of the capability meanwhile.
 */
#include "object_types.h"

#include <core/clock.h>
#include <core/sched.h>

#define LIST_MAX 12u /* entries of 80 bytes: a result has 1024 */

static uint64_t key_of(const struct view *view, bool keys)
{
	const struct object_type *type = view->object->type;

	if (type == &process_handle_type)
		return container_of(view->object, struct process, object)->pid;
	if (type == &virtual_memory_type)
		return container_of(view->object, struct process, space_object)->pid;
	if (type == &notification_type || (keys && view->kind == VIEW_FACET))
		return view->key;
	return 0;
}

static void fill_gate(struct capability_manager_entry_builder out, const struct gate *gate)
{
	const struct process *owner = gate->object.owner;

	capability_manager_entry_builder_set_revocations(out, gate->depth);
	capability_manager_entry_builder_set_revoker(out, gate->object.id);
	capability_manager_entry_builder_set_lender(out, owner != NULL ? owner->pid : 0);
}

static void fill_provenance(struct capability_manager_entry_builder out, const struct provenance *p)
{
	struct capability_manager_entry_via_builder via = capability_manager_entry_builder_via(out);

	capability_manager_entry_builder_set_provenance(out, (enum capability_manager_provenance)p->kind);
	capability_manager_entry_builder_set_giver(out, p->giver);
	switch ((enum provenance_kind)p->kind) {
	case PROVENANCE_BOOT:
		break;
	case PROVENANCE_GRANT:
		capability_manager_entry_via_builder_set_note(via, p->detail);
		break;
	case PROVENANCE_CALL:
	case PROVENANCE_ANSWER:
		capability_manager_entry_via_builder_set_interface(via, p->detail);
		capability_manager_entry_builder_set_method(out, p->method);
		break;
	case PROVENANCE_DUPLICATE:
		capability_manager_entry_via_builder_set_origin(via, p->detail);
		break;
	}
}

void object_fill_entry(struct capability_manager_entry_builder out, uint32_t slot,
		       const struct cap_entry *entry, const struct provenance *provenance, bool keys)
{
	const struct view *view = entry->view;
	const struct gate *gate = entry->gate;
	bool facet = view->kind == VIEW_FACET && view->object->type->is_endpoint;
	uint32_t flags = (facet ? 0u : 1u) | (view->kind == VIEW_TEMPLATE ? 2u : 0u) |
			 (gate != NULL ? 4u : 0u) | (provenance->minted ? 8u : 0u) |
			 (gate != NULL && !gate_is_alive(gate) ? 16u : 0u);

	capability_manager_entry_builder_set_id(out, cap_id_make(slot, entry->generation).raw);
	capability_manager_entry_builder_set_interface_id(out,
							  view->count > 0 ? view->sets[0].interface_id : 0);
	capability_manager_entry_builder_set_methods(out, view->count > 0 ? view->sets[0].methods : 0);
	capability_manager_entry_builder_set_object(out, view->object->id);
	capability_manager_entry_builder_set_flags(out, flags);
	capability_manager_entry_builder_set_key(out, key_of(view, keys));
	if (gate != NULL)
		fill_gate(out, gate);
	fill_provenance(out, provenance);
}

uint32_t object_count_entries(struct cap_table *table, uint32_t from)
{
	struct provenance provenance;
	struct cap_entry entry;
	uint32_t slot, count = 0;

	while (count < LIST_MAX && cap_table_next(table, from, &slot, &entry, &provenance)) {
		from = slot + 1;
		count++;
	}
	return count;
}

uint32_t object_fill_entries(struct cap_table *table, uint32_t from, uint32_t count,
			     struct capability_manager_entry_list_builder list, bool keys)
{
	struct provenance provenance = {0};
	struct cap_entry entry;
	uint32_t slot, begun = from;

	/* Fewer than were counted a moment ago leave empty ones at the end: id 0. */
	for (uint32_t i = 0; i < count && cap_table_next(table, from, &slot, &entry, &provenance); i++) {
		object_fill_entry(capability_manager_entry_list_builder_at(list, i), slot, &entry,
				  &provenance, keys);
		from = slot + 1;
	}
	/* An entry that came after nothing was found here is not gone on to: a listing always gets further, or ends. */
	return from != begun && cap_table_next(table, from, &slot, &entry, &provenance) ? from : 0;
}

/* ---- Processes and events ---- */

uint64_t object_cpu_time(struct process *process)
{
	uint64_t sum = process->ledger.cpu_ns;

	spin_lock(&process->lock);
	list_for_each (it, &process->threads)
		sum += sched_run_ns(&container_of(it, struct thread, link)->sched);
	spin_unlock(&process->lock);
	return sum;
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
	struct cap_clock clock = clock_parameters();

	return clock.base_ns + (uint64_t)((unsigned __int128)(ticks - clock.base_tsc) * clock.mult >> 32);
}

void object_fill_event(struct process_handle_event_builder out, const struct recorder_event *event)
{
	process_handle_event_builder_set_sequence(out, event->sequence);
	process_handle_event_builder_set_time_ns(out, ticks_to_ns(event->time_ticks));
	process_handle_event_builder_set_interface_id(out, event->interface_id);
	process_handle_event_builder_set_method(out, event->method);
	process_handle_event_builder_set_kind(out, event->kind);
	process_handle_event_builder_set_status(out, event->status);
	process_handle_event_builder_set_object(out, event->object);
	process_handle_event_builder_set_message_bytes(out, event->msg_len);
	process_handle_event_builder_set_slot(out, event->cap_slot);
	process_handle_event_builder_set_thread(out, event->thread);
	process_handle_event_builder_set_process(out, event->process);
}

uint32_t object_read_events(uint64_t from, uint32_t pid, struct recorder_event found[OBJECT_EVENTS_MAX],
			    uint64_t *next, uint64_t *lost)
{
	unsigned cpu = from & (MAX_CPUS - 1);
	uint64_t at = from / MAX_CPUS;
	struct recorder_event event;
	uint32_t count = 0;

	*lost = 0;
	while (count < OBJECT_EVENTS_MAX && cpu < cpu_count) {
		if (!recorder_read(cpu, at, &event)) {
			cpu++;
			at = 0;
			continue;
		}
		*lost += at != 0 && event.sequence > at ? event.sequence - at : 0;
		at = event.sequence + 1;
		if (pid == 0 || event.process == pid)
			found[count++] = event;
	}
	*next = cpu < cpu_count ? at * MAX_CPUS + cpu : UINT64_MAX;
	return count;
}
