// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * How the kernel's paths do on 1 to 64 CPUs: for each operation, on each number of CPUs, one pair (or thread) for each CPU does it again and
 * again on the simulated machine, whose clocks know what a line costs that another CPU has (model.h). Printed is what one operation needs, and
 * how much more all CPUs get done than one. Operations of different processes have nothing in common, but where memory is taken and given back for
 * threads and processes, which is only shown: if one of the others needs more than one line
 * of another CPU, or they do not get done at least 0.9 times as often as on as many machines, that is a failure (exit 1).
 *
 *   contention [-w] [CPUS...]    -w: also which code fetched lines from other CPUs (addresses, for llvm-symbolizer)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/recorder.h>
#include <mm/frame.h>
#include <object/object.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/thread.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include <host/scenario.h>
#include "model.h"

extern const uint8_t __executable_start[]; /* the linker's */
extern struct object timer_object;         /* kernel/object/timer.c */

#define WARM_UP 40u
#define ROUNDS 1000u
#define ROUNDS_OF_THREADS 150u /* each has a stack here until the end of the run */
#define MESSAGE_AT 0u
#define EMPTY_AT 256u
#define RESULT_AT 512u
#define RECV_AT 1024u
#define MESSAGE 64u
#define TRANSFERS_MAX 1.0
#define SPEED_UP_MIN 0.9
#define MEMORY (64ull << 20)
#define REGION_BYTES 16384u
#define MAP_AT 0x40000000ull
#define STACK 0x7fff0000u

struct operation {
	const char *name;
	host_program *program;
	enum : uint8_t { ALONE, A_SERVER_EACH, ONE_SERVER } servers;
	const char *object; /* that `own` names: one of those that init gets */
	bool shares;        /* all want one thing, or memory that all CPUs share: shown, not judged */
};

static uint8_t recorders[MAX_CPUS][RECORDER_BYTES] __attribute__((aligned(64)));
static unsigned cpus_in_use, warm, through, rounds;
static uint64_t done, began, ended;
static struct model_counts counted;
static cap_id doors[MAX_CPUS], server_ends[MAX_CPUS], own[MAX_CPUS];
static bool stop, where;

/* ---- The loops ---- */

static void print_sources(void)
{
	const void *code[12];
	uint64_t count[12];
	unsigned n = model_sources(code, count, 12);

	for (unsigned i = 0; i < n; i++)
		fprintf(stderr, "0x%zx %.2f\n", (size_t)((const uint8_t *)code[i] - __executable_start),
			(double)count[i] / (double)done);
}

/* All of them warm up, then are counted together, and go on until the last is through. */
static bool go_on(unsigned round)
{
	if (round == WARM_UP && ++warm == cpus_in_use) {
		model_restart();
		done = 0;
		began = model_clock(0);
	}
	if (round >= WARM_UP && warm == cpus_in_use)
		done++;
	if (round == WARM_UP + rounds && ++through == cpus_in_use) {
		stop = true;
		counted = model_counts();
		for (unsigned i = 0; i < cpus_in_use; i++)
			ended = model_clock(i) > ended ? model_clock(i) : ended;
		if (where)
			print_sources();
	}
	return !stop;
}

static void serves(uint64_t region)
{
	struct user_ring ring;
	struct cap_cqe cqe;

	user_ring_open(&ring, region);
	const uint64_t end = server_ends[ring.thread_arg].raw;
	const struct cap_sqe receive = {
		.op = CAP_OP_RECV, .target = end, .buf_off = RECV_AT, .buf_len = 56 + MESSAGE};
	struct cap_sqe sqe = receive;
	for (;;) {
		(void)user_submit(&ring, &sqe);
		cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		sqe = receive;
		if (user_is_notice(cqe)) /* a client has ended */
			continue;
		sqe.op = CAP_OP_RETURN_RECV;
		sqe.target = cqe.token;
		sqe.interface_id = end;
		sqe.msg_off = MESSAGE_AT;
		sqe.msg_len = MESSAGE;
	}
}

static void open_with_message(struct user_ring *ring, uint64_t region)
{
	static const uint64_t message[MESSAGE / 8] = {7ull << 32};

	user_ring_open(ring, region);
	user_arena_write(ring, MESSAGE_AT, message, sizeof message);
}

static void repeat(uint64_t region, const struct cap_sqe *sqe)
{
	struct user_ring ring;

	open_with_message(&ring, region);
	for (unsigned round = 0; go_on(round); round++) {
		(void)user_submit(&ring, sqe);
		explore_check(user_wait(&ring).status == STATUS_OK);
	}
}

static uint64_t number_of(uint64_t region)
{
	struct user_ring ring;

	user_ring_open(&ring, region);
	return ring.thread_arg;
}

static void calls(uint64_t region)
{
	repeat(region, &(struct cap_sqe){.op = CAP_OP_CALL,
					 .target = doors[number_of(region)].raw,
					 .interface_id = SCENARIO_INTERFACE,
					 .method = 1,
					 .msg_off = MESSAGE_AT,
					 .msg_len = MESSAGE,
					 .buf_off = RESULT_AT,
					 .buf_len = 256});
}

static void asks_the_time(uint64_t region)
{
	repeat(region, &(struct cap_sqe){.op = CAP_OP_CALL,
					 .target = own[number_of(region)].raw,
					 .interface_id = TIMER_INTERFACE_ID,
					 .method = TIMER_NOW,
					 .msg_off = EMPTY_AT,
					 .msg_len = 8,
					 .buf_off = RESULT_AT,
					 .buf_len = 256});
}

static void duplicates(uint64_t region)
{
	struct user_ring ring;

	open_with_message(&ring, region);
	for (unsigned round = 0; go_on(round); round++) {
		struct cap_sqe sqe = {.op = CAP_OP_DUP, .target = own[ring.thread_arg].raw};
		(void)user_submit(&ring, &sqe);
		struct cap_cqe cqe = user_wait(&ring);
		explore_check(cqe.status == STATUS_OK);
		sqe = (struct cap_sqe){.op = CAP_OP_RELEASE, .target = cqe.token};
		(void)user_submit(&ring, &sqe);
		explore_check(user_wait(&ring).status == STATUS_OK);
	}
}

static void signals(uint64_t region)
{
	struct user_ring ring;

	open_with_message(&ring, region);
	for (unsigned round = 0; go_on(round); round++) {
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_SIGNAL,
							   .flags = CAP_SQE_QUIET,
							   .target = own[ring.thread_arg].raw,
							   .interface_id = 1});
		(void)user_submit(&ring, &(struct cap_sqe){.op = CAP_OP_WAIT,
							   .target = own[ring.thread_arg].raw,
							   .interface_id = 1});
		explore_check(user_wait(&ring).status == STATUS_OK);
	}
}

/* ---- What takes and gives back memory: through lib/runtime's ring client, which is not counted ---- */

struct cap_enter_result runtime_cap_enter(uint64_t min, uint64_t deadline_ns)
{
	uint64_t reason = 0;
	int64_t consumed = host_cap_enter(min, deadline_ns, &reason);

	return (struct cap_enter_result){consumed, reason};
}

static cap_id open_client(struct ring_client *ring, uint64_t region)
{
	ring_client_init(ring, host_user_pointer(VADDR(region), REGION_BYTES, true));
	return own[number_of(region)];
}

static void maps(uint64_t region)
{
	struct ring_client ring;
	cap_id space = open_client(&ring, region);
	uint64_t at;

	for (unsigned round = 0; go_on(round); round++) {
		explore_check(virtual_memory_allocate(&ring.transport, space, PAGE_SIZE, MAP_AT, &at) ==
			      STATUS_OK);
		host_user_store64(VADDR(MAP_AT), round);
		explore_check(virtual_memory_unmap(&ring.transport, space, MAP_AT, PAGE_SIZE) == STATUS_OK);
	}
}

static void ends_thread([[maybe_unused]] uint64_t region)
{
	host_exit(0, CAP_EXIT_THREAD);
}

static void makes_threads(uint64_t region)
{
	struct ring_client ring;
	cap_id spawner = open_client(&ring, region), thread;
	int64_t code;

	for (unsigned round = 0; go_on(round); round++) {
		explore_check(thread_spawner_create(&ring.transport, spawner,
						    host_program_entry(ends_thread).raw, STACK, 0, 0, 0,
						    &thread) == STATUS_OK);
		explore_check(thread_handle_wait(&ring.transport, thread, &code) == STATUS_OK);
		ring_release(&ring, thread);
	}
}

static void ends_process([[maybe_unused]] uint64_t region)
{
	host_exit(0, CAP_EXIT_PROCESS);
}

static void spawns(uint64_t region)
{
	struct ring_client ring;
	cap_id spawner = open_client(&ring, region);

	for (unsigned round = 0; go_on(round); round++) {
		struct process_spawner_create_results_reader made;
		struct process_handle_wait_results_reader results;
		struct rpc_call call;

		process_spawner_create_params_builder_set_name(
			process_spawner_create_begin(&call, &ring.transport, spawner),
			msg_text_from("child"));
		explore_check(process_spawner_create_call(&call, &made) == STATUS_OK);
		cap_id handle = rpc_result_cap(&call, process_spawner_create_results_reader_process(made)),
		       space = rpc_result_cap(&call, process_spawner_create_results_reader_space(made));
		rpc_end(&call);
		explore_check(process_handle_start(&ring.transport, handle,
						   host_program_entry(ends_process).raw, STACK, 0, 0, 0, 0, 0,
						   CAP_ID_NULL) == STATUS_OK);
		(void)process_handle_wait_begin(&call, &ring.transport, handle);
		explore_check(process_handle_wait_call(&call, &results) == STATUS_OK);
		rpc_end(&call);
		ring_release(&ring, space);
		ring_release(&ring, handle);
	}
}

static const struct operation operations[] = {
	{"call and answer, 64 bytes", calls, A_SERVER_EACH, NULL, false},
	{"call of a kernel object", asks_the_time, ALONE, NULL, false},
	{"capability copied, dropped", duplicates, ALONE, NULL, false},
	{"signal, wait", signals, ALONE, NULL, false},
	{"page mapped, unmapped", maps, ALONE, "virtualMemory", false},
	{"thread made, joined", makes_threads, ALONE, "threadSpawner", true},
	{"process made, ended", spawns, ALONE, "processSpawner", true},
	{"call, one server for all", calls, ONE_SERVER, NULL,
	 true}, /* what it looks like when all want one thing */
};

/* ---- Runs ---- */

static cap_id give_initial(struct process *process, const char *name)
{
	struct initial_object initial[INITIAL_OBJECTS_MAX];
	struct memory *package;
	cap_id id = CAP_ID_NULL;
	unsigned count;

	explore_check(memory_create(&process->ledger, 1, &package) == STATUS_OK);
	explore_check(objects_initial(process, package, PAGE_SIZE, initial, &count) == STATUS_OK);
	memory_put(package);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(initial[i].name, name) == 0)
			id = scenario_give(process, scenario_full(initial[i].object));
		object_put(initial[i].object);
	}
	return id;
}

static void prepare(const struct operation *op, unsigned i)
{
	static struct endpoint *endpoint; /* the last one's; its reference is never given back */
	char name[16];

	snprintf(name, sizeof name, "client%u", i);
	struct process *client = scenario_process_plain(name);
	if (op->servers != ALONE) {
		if (i == 0 || op->servers == A_SERVER_EACH) {
			snprintf(name, sizeof name, "server%u", i);
			struct process *server = scenario_process_plain(name);
			endpoint = scenario_endpoint(server, MESSAGE, 0);
			server_ends[i] = scenario_give(server, scenario_full(&endpoint->object));
			scenario_thread(server, serves, i);
		}
		doors[i] = scenario_give(client, scenario_facet(endpoint, 1 + i));
	} else if (op->program == signals) {
		struct notification *notification;

		explore_check(notification_create(client, &notification) == STATUS_OK);
		own[i] = scenario_give(client, scenario_full(&notification->object));
		object_put(&notification->object);
	} else if (op->object != NULL) {
		own[i] = give_initial(client, op->object);
	} else {
		own[i] = scenario_give(client, scenario_full(&timer_object));
	}
	scenario_thread(client, op->program, i);
}

/* How often it was done in 1000 units of time; *transfers: of lines, each time. */
static double measure(const struct operation *op, unsigned cpu_total, double *transfers)
{
	cpus_in_use = cpu_total;
	warm = through = 0;
	rounds = op->program == makes_threads || op->program == spawns ? ROUNDS_OF_THREADS : ROUNDS;
	ended = 0;
	stop = false;
	model_begin(cpu_total);
	scenario_begin_with(cpu_total, MEMORY);
	host_at_rest = NULL; /* whose checks would be counted */
	for (unsigned i = 0; i < cpu_total; i++) {
		recorder_attach(&cpus[i], recorders[i]);
		prepare(op, i);
	}
	scenario_run();
	struct model_counts c = counted;
	double each = (double)done, rate = each * 1000 / (double)(ended - began);
	printf("%-28s %4u %9.3f %9.1f %8.2f %9.2f %8.2f", op->name, cpu_total, rate,
	       (double)c.accesses / each, (double)c.locked / each, (double)c.transfers / each,
	       (double)c.pauses / each);
	*transfers = (double)c.transfers / each;
	return rate; /* the next machine begins anew */
}

int main(int argc, char **argv)
{
	static const unsigned usual[] = {1, 2, 4, 8, 16, 32, 64};
	where = argc > 1 && strcmp(argv[1], "-w") == 0;
	int first = where ? 2 : 1, count = argc > first ? argc - first : (int)array_size(usual);

	bool bad = false;

	printf("%-28s %4s %9s %9s %8s %9s %8s %9s\n", "operation", "CPUs", "rate", "accesses", "locked",
	       "transfers", "waits", "speed-up");
	for (unsigned i = 0; i < array_size(operations); i++) {
		double one = 0;

		for (int k = 0; k < count; k++) {
			unsigned cpu_total = argc > first ? (unsigned)atoi(argv[first + k]) : usual[k];
			double rate, transfers;

			if (cpu_total == 0 || cpu_total > MAX_CPUS) {
				fprintf(stderr, "contention: %u CPUs: from 1 to %u\n", cpu_total, MAX_CPUS);
				return 2;
			}
			rate = measure(&operations[i], cpu_total, &transfers);
			one = k == 0 ? rate / cpu_total : one;
			bool good = operations[i].shares ||
				    (transfers <= TRANSFERS_MAX && rate >= SPEED_UP_MIN * one * cpu_total);
			printf(" %9.2f%s\n", rate / one, good ? "" : "  too much in common");
			fflush(stdout);
			bad |= !good;
		}
	}
	return bad;
}
