// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SystemInspector: who holds what, for whom an image grants it.
 *
 * It reads what others use, and makes none of them wait longer than for one entry of a table or one walk of a short list: pages are
 * bounded, and between two entries every lock is given back.
 */
#include "object_types.h"

#include <arch/platform.h>
#include <core/budget.h>
#include <core/isolation.h>
#include <schema/kernel/system_inspector.capnp.h>

#define PROCESSES_MAX 8u
#define THREADS_MAX 10u
#define CPUS_MAX 8u
#define GATES_MAX 16u

static enum system_inspector_thread_state thread_state(const struct thread *thread)
{
	switch (load_relaxed(&thread->sched.state)) {
	case SCHED_RUNNING:
		return SYSTEM_INSPECTOR_THREAD_STATE_RUNNING;
	case SCHED_QUEUED:
		return SYSTEM_INSPECTOR_THREAD_STATE_READY;
	default:
		return SYSTEM_INSPECTOR_THREAD_STATE_WAITING;
	}
}

static enum process_handle_state process_state(const struct process *process)
{
	switch (load_acquire(&process->state)) {
	case PROCESS_CREATED:
		return PROCESS_HANDLE_STATE_CREATED;
	case PROCESS_ENDED:
		return PROCESS_HANDLE_STATE_ENDED;
	default:
		return PROCESS_HANDLE_STATE_RUNNING;
	}
}

static uint32_t creator_of(struct process *process)
{
	spin_lock(&process->lock);
	uint32_t pid = process->creator != NULL ? process->creator->pid : 0;
	spin_unlock(&process->lock);
	return pid;
}

static void fill_process(struct system_inspector_process_builder out, struct process *process)
{
	const uint64_t *used = process->ledger.used;

	system_inspector_process_builder_set_pid(out, process->pid);
	system_inspector_process_builder_set_creator(out, creator_of(process));
	system_inspector_process_builder_set_state(out, process_state(process));
	system_inspector_process_builder_set_threads(out, load_relaxed(&process->thread_count));
	system_inspector_process_builder_set_capabilities(out, (uint32_t)load_relaxed(&used[LEDGER_ENTRIES]));
	system_inspector_process_builder_set_pages(out, load_relaxed(&used[LEDGER_PAGES]));
	system_inspector_process_builder_set_calls(out, (uint32_t)load_relaxed(&used[LEDGER_CALLS]));
	system_inspector_process_builder_set_cpu_ns(out, object_cpu_time(process));
	system_inspector_process_builder_set_session(out, process->session->object.id);
	system_inspector_process_builder_set_name(out, msg_text_from(process->name));
}

static enum status processes(void *self, struct rpc_request *request,
			     struct system_inspector_processes_params_reader params,
			     struct system_inspector_processes_results_builder results)
{
	uint32_t next = system_inspector_processes_params_reader_from(params), count = 0;
	struct process *found[PROCESSES_MAX], *more = NULL;

	(void)self, (void)request;
	while (count < PROCESSES_MAX && (found[count] = process_next(next)) != NULL)
		next = found[count++]->pid + 1;
	if (count == PROCESSES_MAX)
		more = process_next(next);
	struct system_inspector_process_list_builder list =
		system_inspector_processes_results_builder_init_processes(results, count);
	for (uint32_t i = 0; i < count; i++) {
		fill_process(system_inspector_process_list_builder_at(list, i), found[i]);
		process_put(found[i]);
	}
	system_inspector_processes_results_builder_set_next(results, more != NULL ? next : 0);
	if (more != NULL)
		process_put(more);
	return STATUS_OK;
}

/* With a reference; NULL: there is none of that number, and that has been raised. */
static struct process *find_process(struct rpc_request *request, uint32_t pid, enum status *status)
{
	struct process *process = process_next(pid);

	*status = STATUS_OK;
	if (process != NULL && process->pid == pid)
		return process;
	if (process != NULL)
		process_put(process);
	*status = object_raise_invalid(request, "there is no such process", "pid");
	return NULL;
}

static enum status capabilities(void *self, struct rpc_request *request,
				struct system_inspector_capabilities_params_reader params,
				struct system_inspector_capabilities_results_builder results)
{
	enum status status;
	struct process *process = find_process(
		request, system_inspector_capabilities_params_reader_pid(params), &status);
	uint32_t from = system_inspector_capabilities_params_reader_from(params);

	(void)self;
	if (process == NULL)
		return status;
	uint32_t count = object_count_entries(&process->table, from);
	system_inspector_capabilities_results_builder_set_next(
		results,
		object_fill_entries(
			&process->table, from, count,
			system_inspector_capabilities_results_builder_init_entries(results, count), true));
	process_put(process);
	return STATUS_OK;
}

/* What the id names in that process; the view and the gate stay until the end of this entry. False: raised. */
static bool find_entry(struct rpc_request *request, uint32_t pid, cap_id id, struct cap_entry *entry,
		       enum status *status)
{
	struct process *process = find_process(request, pid, status);
	struct provenance provenance;
	uint32_t slot;

	if (process == NULL)
		return false;
	bool found = cap_table_next(&process->table, cap_id_slot(id), &slot, entry, &provenance) &&
		     slot == cap_id_slot(id) && entry->generation == cap_id_generation(id);
	process_put(process);
	if (!found)
		*status = object_raise_invalid(request, "it holds no such capability", "id");
	return found;
}

static enum status interfaces(void *self, struct rpc_request *request,
			      struct system_inspector_interfaces_params_reader params,
			      struct system_inspector_interfaces_results_builder results)
{
	cap_id id = {system_inspector_interfaces_params_reader_id(params)};
	struct cap_entry entry;
	enum status status;

	(void)self;
	if (find_entry(request, system_inspector_interfaces_params_reader_pid(params), id, &entry, &status))
		object_fill_sets(
			system_inspector_interfaces_results_builder_init_sets(results, entry.view->count),
			entry.view);
	return status;
}

/* The gate and what is above it, nearest first, each once. */
static unsigned collect_gates(struct gate *gate, struct gate *found[GATES_MAX])
{
	unsigned count = 0;

	if (gate == NULL)
		return 0;
	spin_lock(&gate_lock);
	found[count++] = gate;
	for (unsigned i = 0; i < count; i++) {
		for (unsigned p = 0; p < 2; p++) {
			struct gate *parent = found[i]->parent[p];
			bool known = parent == NULL;
			for (unsigned k = 0; k < count; k++)
				known |= found[k] == parent;
			if (!known && count < GATES_MAX)
				found[count++] = parent;
		}
	}
	spin_unlock(&gate_lock);
	return count;
}

static enum status revokers(void *self, struct rpc_request *request,
			    struct system_inspector_revokers_params_reader params,
			    struct system_inspector_revokers_results_builder results)
{
	cap_id id = {system_inspector_revokers_params_reader_id(params)};
	struct gate *found[GATES_MAX];
	struct cap_entry entry;
	enum status status;

	(void)self;
	if (!find_entry(request, system_inspector_revokers_params_reader_pid(params), id, &entry, &status))
		return status;
	unsigned count = collect_gates(entry.gate, found);
	struct system_inspector_gate_list_builder list =
		system_inspector_revokers_results_builder_init_revokers(results, count);
	for (unsigned i = 0; i < count; i++) {
		struct system_inspector_gate_builder out = system_inspector_gate_list_builder_at(list, i);
		const struct gate *gate = found[i];
		system_inspector_gate_builder_set_object(out, gate->object.id);
		system_inspector_gate_builder_set_owner(
			out, gate->object.owner != NULL ? gate->object.owner->pid : 0);
		system_inspector_gate_builder_set_depth(out, gate->depth);
		system_inspector_gate_builder_set_alive(out, gate_is_alive(gate));
		system_inspector_gate_builder_set_entries(out, load_relaxed(&gate->entries));
		system_inspector_gate_builder_set_expires_ns(out, gate->expires_ns);
	}
	return STATUS_OK;
}

struct thread_facts {
	uint32_t tid, pending;
	uint16_t cpu;
	enum system_inspector_thread_state state;
	uint64_t cpu_ns;
	uint64_t wake_ups;
	uint64_t budget_ns, period_ns;
	uint32_t weight, preemptions, migrations;
	bool lent;
	enum scheduling_policy_class class;
};

/* The list is in the order of creation, so of numbers. */
static uint32_t collect_threads(struct process *process, uint32_t from,
				struct thread_facts found[THREADS_MAX], uint32_t *next)
{
	uint32_t count = 0;

	*next = 0;
	spin_lock(&process->lock);
	list_for_each (it, &process->threads) {
		struct thread *thread = container_of(it, struct thread, link);
		if (thread->tid < from)
			continue;
		if (count == THREADS_MAX) {
			*next = thread->tid;
			break;
		}
		found[count] = (struct thread_facts){
			.tid = thread->tid,
			.pending = load_relaxed(&thread->ring.pending),
			.cpu = load_relaxed(&thread->sched.home),
			.state = thread_state(thread),
			.cpu_ns = sched_run_ns(&thread->sched),
			.wake_ups = sched_wake_ups(&thread->sched),
			.weight = sched_weight(&thread->sched),
			.class = (enum scheduling_policy_class)sched_class(&thread->sched),
			.preemptions = load_relaxed(&thread->sched.preemptions),
			.migrations = load_relaxed(&thread->sched.migrations),
		};
		(void)budget_held(&thread->sched, &found[count].budget_ns, &found[count].period_ns,
				  &found[count].lent);
		count++;
	}
	spin_unlock(&process->lock);
	return count;
}

static enum status threads(void *self, struct rpc_request *request,
			   struct system_inspector_threads_params_reader params,
			   struct system_inspector_threads_results_builder results)
{
	struct thread_facts found[THREADS_MAX];
	enum status status;
	uint32_t next;
	struct process *process = find_process(request, system_inspector_threads_params_reader_pid(params),
					       &status);

	(void)self;
	if (process == NULL)
		return status;
	uint32_t count = collect_threads(process, system_inspector_threads_params_reader_from(params), found,
					 &next);
	process_put(process);
	struct system_inspector_thread_list_builder list =
		system_inspector_threads_results_builder_init_threads(results, count);
	for (uint32_t i = 0; i < count; i++) {
		struct system_inspector_thread_builder out = system_inspector_thread_list_builder_at(list, i);
		system_inspector_thread_builder_set_tid(out, found[i].tid);
		system_inspector_thread_builder_set_cpu(out, found[i].cpu);
		system_inspector_thread_builder_set_state(out, found[i].state);
		system_inspector_thread_builder_set_cpu_ns(out, found[i].cpu_ns);
		system_inspector_thread_builder_set_pending(out, found[i].pending);
		system_inspector_thread_builder_set_weight(out, found[i].weight);
		system_inspector_thread_builder_set_class(out, found[i].class);
		system_inspector_thread_builder_set_wake_ups(out, found[i].wake_ups);
		system_inspector_thread_builder_set_preemptions(out, found[i].preemptions);
		system_inspector_thread_builder_set_migrations(out, found[i].migrations);
		system_inspector_thread_builder_set_budget_ns(out, found[i].budget_ns);
		system_inspector_thread_builder_set_period_ns(out, found[i].period_ns);
		system_inspector_thread_builder_set_lent(out, found[i].lent);
	}
	system_inspector_threads_results_builder_set_next(results, next);
	return STATUS_OK;
}

static void fill_cpu(struct system_inspector_cpu_builder out, const struct cpu *cpu)
{
	const struct sched_entity *running = load_relaxed(&cpu->current);
	uint64_t ids = running != NULL ? running->ids : 0; /* it stays until this CPU has left the kernel */
	struct arch_cpu_place place = arch_cpu_place(cpu->id);
	uint32_t reserved = load_relaxed(&cpu->reserved_len);

	system_inspector_cpu_builder_set_number(out, (uint16_t)cpu->id);
	system_inspector_cpu_builder_set_package(out, place.package);
	system_inspector_cpu_builder_set_core(out, place.core);
	system_inspector_cpu_builder_set_pid(out, (uint32_t)ids);
	system_inspector_cpu_builder_set_tid(out, (uint32_t)(ids >> 32));
	system_inspector_cpu_builder_set_waiting(out, load_relaxed(&cpu->runqueue_len) + reserved);
	system_inspector_cpu_builder_set_reserved(out, reserved);
	system_inspector_cpu_builder_set_context_share(out, budget_millionths(budget_share_of(cpu->id)));
	system_inspector_cpu_builder_set_leased(out, isolation_is_leased(cpu->id));
	system_inspector_cpu_builder_set_tick_stopped(out, load_relaxed(&cpu->tick_stopped));
	system_inspector_cpu_builder_set_idle_ns(out, load_relaxed(&cpu->stats.idle_ns));
	system_inspector_cpu_builder_set_entries(out, load_relaxed(&cpu->stats.entries));
	system_inspector_cpu_builder_set_interrupts(out, load_relaxed(&cpu->stats.interrupts));
	system_inspector_cpu_builder_set_switches(out, load_relaxed(&cpu->stats.switches));
	system_inspector_cpu_builder_set_ipis_received(out, load_relaxed(&cpu->stats.ipis_received));
}

static enum status show_cpus(void *self, struct rpc_request *request,
			     struct system_inspector_cpus_params_reader params,
			     struct system_inspector_cpus_results_builder results)
{
	uint32_t from = system_inspector_cpus_params_reader_from(params), total = load_relaxed(&cpu_count);
	uint32_t count = from < total ? total - from : 0;

	(void)self, (void)request;
	if (count > CPUS_MAX)
		count = CPUS_MAX;
	struct system_inspector_cpu_list_builder list = system_inspector_cpus_results_builder_init_cpus(
		results, count);
	for (uint32_t i = 0; i < count; i++)
		fill_cpu(system_inspector_cpu_list_builder_at(list, i), &cpus[from + i]);
	system_inspector_cpus_results_builder_set_next(results, from + count < total ? from + count : 0);
	return STATUS_OK;
}

static enum status events(void *self, struct rpc_request *request,
			  struct system_inspector_events_params_reader params,
			  struct system_inspector_events_results_builder results)
{
	struct recorder_event found[OBJECT_EVENTS_MAX];
	uint64_t next, lost;
	uint32_t count = object_read_events(system_inspector_events_params_reader_from(params), 0, found,
					    &next, &lost);
	struct process_handle_event_list_builder list = system_inspector_events_results_builder_init_events(
		results, count);

	(void)self, (void)request;
	for (uint32_t i = 0; i < count; i++)
		object_fill_event(process_handle_event_list_builder_at(list, i), &found[i]);
	system_inspector_events_results_builder_set_next(results, next);
	system_inspector_events_results_builder_set_lost(results, lost);
	return STATUS_OK;
}

static const struct system_inspector_server_ops system_inspector_ops = {
	.processes = processes,
	.capabilities = capabilities,
	.interfaces = interfaces,
	.revokers = revokers,
	.threads = threads,
	.cpus = show_cpus,
	.events = events,
};

OBJECT_TYPE(system_inspector, SYSTEM_INSPECTOR, object_destroy_never);

struct object system_inspector_object = {.type = &system_inspector_type, .refs = 1};
