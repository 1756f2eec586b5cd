// SPDX-License-Identifier: MIT OR Apache-2.0
/* See scenario.h. */
#include "scenario.h"
#include "invariants.h"

#include <stdio.h>

#include <cap/capture.h>
#include <core/quiesce.h>
#include <mm/frame.h>
#include <mm/slab.h>
#include <object/object.h>

#define MEMORY (16ull << 20)
#define MAX_STARTS (2 * MAX_CPUS)

static struct {
	struct process *process;
	host_program *program;
	uint64_t arg;
	struct ring_geometry geometry;
	struct thread *thread;
} starts[MAX_STARTS];
static unsigned start_count;
static void (*when_started)(void);
static struct process *made[MAX_STARTS];
static unsigned made_count;
static uint64_t baseline_frames, baseline_objects;

/* Each CPU passes a few times through the kernel, so that everything retired is freed. Main code: no CPU runs. */
void scenario_drain(void)
{
	for (unsigned round = 0; round < 8; round++) {
		for (unsigned i = 0; i < cpu_count; i++) {
			host_test_as_cpu(i);
			quiesce_enter();
			quiesce_poll();
			quiesce_exit();
		}
	}
	host_test_as_cpu(0);
}

void scenario_begin(unsigned cpu_total)
{
	scenario_begin_with(cpu_total, MEMORY);
}

void scenario_begin_with(unsigned cpu_total, uint64_t bytes)
{
	host_test_boot(cpu_total, bytes);
	host_hooks = host_kernel_hooks();
	start_count = made_count = 0;
	when_started = NULL;
	objects_init();
	quiesce_enter();
	slab_trim();
	baseline_frames = frame_stats().free;
	baseline_objects = slab_objects_in_use();
	invariants_begin();
}

/* In half of all schedules messages are captured: whatever happens, must happen so, too. */
static void capture(struct process *process)
{
	static const uint64_t limits[LEDGER_COUNT] = {[LEDGER_PAGES] = 1000};
	static struct ledger ledger;
	struct memory *memory;

	ledger_init(&ledger, limits);
	explore_check(memory_create(&ledger, 1, &memory) == STATUS_OK);
	explore_check(capture_start(process, memory) == STATUS_OK);
	memory_put(memory);
}

struct process *scenario_process_plain(const char *name)
{
	struct process *process;

	explore_check(process_create(NULL, NULL, name, __builtin_strlen(name), &(struct process_limits){},
				     &process) == STATUS_OK);
	object_get(&process->object); /* the first reference is the process's own, until it ends */
	object_get(&process->space_object);
	made[made_count++] = process;
	return process;
}

struct process *scenario_process(const char *name)
{
	struct process *process = scenario_process_plain(name);

	if (host_random() & 1)
		capture(process);
	return process;
}

cap_id scenario_lend(struct process *process, struct view *view, struct gate *gate)
{
	cap_id id;

	authority_gift(process, view);
	invariants_busy(true);
	explore_check(cap_table_insert(&process->table, (struct cap_ref){view, gate},
				       (struct provenance){.kind = PROVENANCE_BOOT}, &id) == STATUS_OK);
	invariants_busy(false);
	return id;
}

cap_id scenario_give(struct process *process, struct view *view)
{
	return scenario_lend(process, view, NULL);
}

struct view *scenario_full(struct object *object)
{
	struct view *view;

	object_get(object);
	explore_check(view_create_full(NULL, object, &view) == STATUS_OK);
	return view;
}

struct view *scenario_facet(struct endpoint *endpoint, uint64_t key)
{
	struct interface_set set = {SCENARIO_INTERFACE, METHODS_ALL};
	struct view *view;

	explore_check(view_create(NULL, &endpoint->object, VIEW_FACET, key, &set, 1, &view) == STATUS_OK);
	return view;
}

struct endpoint *scenario_endpoint(struct process *owner, uint32_t max_message, uint16_t max_caps)
{
	struct endpoint *endpoint;

	explore_check(endpoint_create(owner, max_message, max_caps, &endpoint) == STATUS_OK);
	return endpoint;
}

void scenario_thread(struct process *process, host_program *program, uint64_t arg)
{
	explore_check(start_count < MAX_STARTS);
	starts[start_count].process = process;
	starts[start_count].program = program;
	starts[start_count].geometry = (struct ring_geometry){};
	starts[start_count++].arg = arg;
}

void scenario_geometry(struct ring_geometry geometry)
{
	starts[start_count - 1].geometry = geometry;
}

void scenario_when_started(void (*fn)(void))
{
	when_started = fn;
}

struct thread *scenario_started(unsigned i)
{
	return starts[i].thread;
}

static void boot([[maybe_unused]] void *unused)
{
	for (unsigned i = 0; i < start_count; i++) {
		struct thread_start start = {
			.entry = host_program_entry(starts[i].program),
			.stack = VADDR(0x7fff0000),
			.argument = starts[i].arg,
			.geometry = starts[i].geometry,
		};

		explore_check(thread_create(starts[i].process, &start, &starts[i].thread) == STATUS_OK);
	}
	if (when_started)
		when_started();
	for (unsigned i = 0; i < start_count; i++)
		object_put(&starts[i].thread->object);
	(void)arch_start_cpus();
	arch_resume_loop();
}

void scenario_run(void)
{
	explore_check(host_run(boot, NULL) == HOST_QUIET);
	host_tlb_audit();
}

static void kill_rest([[maybe_unused]] void *unused)
{
	struct exit_record why = {.reason = EXIT_KILLED};

	quiesce_enter();
	for (unsigned i = 0; i < made_count; i++)
		process_kill(made[i], &why);
	quiesce_exit();
}

static void print_cache(const struct slab_cache *cache, [[maybe_unused]] void *unused)
{
	if (cache->in_use)
		fprintf(stderr, "  %s: %llu\n", cache->name, (unsigned long long)cache->in_use);
}

static void check_baseline(void)
{
	explore_check(process_count() == 0);
	if (slab_objects_in_use() != baseline_objects) {
		slab_for_each(print_cache, NULL);
		host_die("%llu kernel objects, at the start %llu", (unsigned long long)slab_objects_in_use(),
			 (unsigned long long)baseline_objects);
	}
	slab_trim();
	if (frame_stats().free != baseline_frames)
		host_die("%llu free frames, at the start %llu", (unsigned long long)frame_stats().free,
			 (unsigned long long)baseline_frames);
}

/* Who has not ended, for whoever wonders. */
static void print_processes(void)
{
	for (const struct process *it = process_peek(NULL); it != NULL; it = process_peek(it)) {
		fprintf(stderr,
			"  process %u (%s): state %u, %u threads, %u rings, %llu references, %u handles\n",
			it->pid, it->name, it->state, it->thread_count, it->rings,
			(unsigned long long)it->refs, it->handles);
		list_for_each (link, &it->threads) {
			const struct thread *thread = container_of(link, struct thread, link);
			fprintf(stderr,
				"    thread %u: ring state %u, signals %#x, %u pending, scheduler state %u\n",
				thread->tid, thread->ring.state, thread->ring.signals, thread->ring.pending,
				thread->sched.state);
		}
	}
}

void scenario_end(void)
{
	explore_check(host_continue(kill_rest, NULL) == HOST_QUIET);
	for (unsigned i = 0; i < made_count; i++) {
		explore_check(made[i]->state == PROCESS_ENDED);
		for (unsigned r = 0; r < LEDGER_COUNT; r++) {
			if (r == LEDGER_OBJECTS || made[i]->ledger.used[r] == 0)
				continue;
			print_processes();
			host_die("%s still is charged %llu of resource %u", made[i]->name,
				 (unsigned long long)made[i]->ledger.used[r], r);
		}
		object_put(&made[i]->object);
		object_put(&made[i]->space_object);
	}
	scenario_drain();
	host_tlb_audit();
	check_baseline();
}

/* --- ring client ---------------------------------------------------------------------------------------------- */

static vaddr_t at(const struct user_ring *ring, uint64_t offset)
{
	return VADDR(ring->region.raw + offset);
}

void user_ring_open(struct user_ring *ring, uint64_t region)
{
	struct cap_region head;

	host_user_read(VADDR(region), &head, offsetof(struct cap_region, sq_tail));
	explore_check(head.magic == CAP_REGION_MAGIC && head.version == CAP_REGION_VERSION);
	*ring = (struct user_ring){
		.region = VADDR(region),
		.sq_off = head.sq_off,
		.sq_count = head.sq_count,
		.cq_off = head.cq_off,
		.cq_count = head.cq_count,
		.arena_off = head.arena_off,
		.arena_len = head.arena_len,
		.thread_arg = head.thread_arg,
	};
	invariants_follow();
}

uint64_t user_submit(struct user_ring *ring, const struct cap_sqe *sqe)
{
	uint64_t slot = ring->sequence % ring->sq_count;

	host_user_write(at(ring, ring->sq_off + slot * sizeof *sqe), sqe, sizeof *sqe);
	if (sqe->flags & CAP_SQE_QUIET) {
		ring->quiet++;
		invariants_quiet();
	}
	ring->sequence++;
	host_user_store32(at(ring, offsetof(struct cap_region, sq_tail)), (uint32_t)ring->sequence);
	return ring->sequence - 1;
}

uint64_t user_enter(struct user_ring *ring, uint64_t min, uint64_t deadline_ns)
{
	uint64_t reasons;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reasons);

	explore_check(consumed >= 0);
	ring->accepted += (uint64_t)consumed;
	explore_check(ring->accepted <= ring->sequence);
	explore_check(reasons != 0);
	return reasons;
}

bool user_reap(struct user_ring *ring, struct cap_cqe *out)
{
	uint32_t tail = host_user_load32(at(ring, offsetof(struct cap_region, cq_tail)));
	uint64_t slot = ring->cq_head % ring->cq_count;

	if (tail == ring->cq_head)
		return false;
	host_user_read(at(ring, ring->cq_off + slot * sizeof *out), out, sizeof *out);
	explore_check(out->reserved == 0);
	ring->completed++;
	ring->cq_head++;
	host_user_store32(at(ring, offsetof(struct cap_region, cq_head)), ring->cq_head);
	return true;
}

struct cap_cqe user_wait(struct user_ring *ring)
{
	struct cap_cqe cqe;

	while (!user_reap(ring, &cqe))
		(void)user_enter(ring, 1, 0);
	return cqe;
}

struct cap_cqe user_do(struct user_ring *ring, const struct cap_sqe *sqe)
{
	struct cap_cqe cqe;

	struct cap_sqe next = *sqe;

	(void)user_submit(ring, &next);
	while (user_is_notice(cqe = user_wait(ring))) {
		/* A RECV that got a notice: receives again. What RETURN_RECV had to return is returned. */
		next.target = next.op == CAP_OP_RETURN_RECV ? next.interface_id : next.target;
		next.op = CAP_OP_RECV;
		next.flags = 0;
		next.interface_id = 0;
		next.msg_off = next.msg_len = next.caps_off = 0;
		next.caps_len = 0;
		(void)user_submit(ring, &next);
	}
	explore_check(cqe.user_data == sqe->user_data);
	return cqe;
}

void user_arena_write(struct user_ring *ring, uint32_t offset, const void *from, uint32_t len)
{
	host_user_write(at(ring, ring->arena_off + offset), from, len);
}

void user_arena_read(struct user_ring *ring, uint32_t offset, void *to, uint32_t len)
{
	host_user_read(at(ring, ring->arena_off + offset), to, len);
}

uint64_t user_arena_word(struct user_ring *ring, uint32_t offset)
{
	return host_user_load64(at(ring, ring->arena_off + offset));
}
