// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init's state: the processes of the image, the capabilities from which their grants are made, and what is remembered of their ends.
 */
#pragma once

#include <restart/restart.h>
#include <rpc/rpc.h>
#include <runtime/service.h>
#include <schema/service/image.capnp.h>
#include <schema/service/supervisor.capnp.h>
#include <spawn/spawn.h>

#define MAX_PROCESSES 24u /* each keeps a call open in the ring's arena */
#define MAX_EXPORTS 8u
#define MAX_CRASHES 16u
#define MAX_CRASH_CALLS 16u
#define MAX_FRAMES 16u
#define MAX_REGISTERS 20u
#define MAX_WATCHERS 8u

struct process {
	struct image_process_reader image;
	struct msg_text name;
	struct spawn_program program;
	struct spawn_process spawned;
	struct rpc_call wait; /* ProcessHandle.wait, open while it runs */
	uint32_t pid;         /* 0: it does not run */

	enum supervisor_state state;
	uint64_t since_ns;
	uint64_t next_ns; /* WAITING: when it is started again */
	struct restart_policy policy;
	struct restart_history history;
	uint32_t restarts;
	int64_t last_code; /* of its last exit; 255 after any other end */
	enum : uint8_t { WANTED_NOTHING, WANTED_RESTART, WANTED_STOP } wanted;
	struct service_reply asker; /* waits for what is wanted; token 0: nobody */

	cap_id context; /* the CPU time that the image sets aside for it; null: none yet */
	cap_id endpoint; /* of a supervised one, for ever; of others until all were started. null: no exports, or given away */
	cap_id maker; /* the endpoint without the right to receive: makes templates. null: no exports */
	cap_id templates[MAX_EXPORTS];
};

struct crash {
	uint64_t number, time_ns;
	const struct process *process;
	uint32_t pid;
	struct spawn_exit exit;
	uint64_t load_address;
	uint32_t register_count, frame_count, call_count;
	struct {
		char name[8];
		uint64_t value;
	} registers[MAX_REGISTERS];
	char frames[MAX_FRAMES][64];
	struct crash_call {
		uint64_t sequence, time_ns, interface_id, object;
		uint32_t message_bytes, slot, thread;
		int32_t status;
		uint16_t method;
		uint8_t kind;
	} calls[MAX_CRASH_CALLS]; /* oldest first */
};

struct init {
	struct rpc_transport *transport;
	cap_id spawner, manager, entropy, power, io_ports, interrupts;
	struct spawn_package package;
	struct msg_reader index; /* of the package; the image lies in it */
	struct image_reader image;
	struct process processes[MAX_PROCESSES];
	uint32_t count;

	struct crash crashes[MAX_CRASHES]; /* number n at n % MAX_CRASHES */
	uint64_t crash_count;

	/* The Supervisor, if somebody is granted it. */
	cap_id endpoint, supervisor_template;
	struct service service;
	struct {
		struct service_reply reply; /* token 0: free */
		uint64_t number;
	} watchers[MAX_WATCHERS];
};

/* ---- exports.c ---- */
/* Makes each exporting process's endpoint, and a template for each export. */
enum status init_make_endpoints(struct init *init);
/* Drops the right to receive for those that are not supervised, so that a server's end is noticed by its clients. */
void init_drop_endpoints(struct init *init);
/* The server is gone, and its successor will not know its objects. */
void init_retire_objects(struct init *init, const struct process *process);
/* There is no server for now, or there is one again. */
void init_close_endpoint(struct init *init, const struct process *process, bool closed);
struct process *init_find_process(struct init *init, struct msg_text name);
/* A template for one export with only these methods of that interface. */
enum status init_make_template(struct init *init, cap_id endpoint, const uint64_t *interface_ids,
			       uint32_t count, uint64_t methods, cap_id *made);

/* ---- grants.c ---- */
struct grants {
	struct spawn_grant list[SPAWN_MAX_GRANTS];
	uint32_t count;
	uint64_t temporary; /* bit i: list[i].cap was made for this process alone */
};
/* On failure it has said which grant could not be made. */
enum status init_make_grants(struct init *init, const struct process *process, struct grants *grants);
void init_end_grants(const struct grants *grants);

/* ---- start.c ---- */
/* Starts it and waits for its end. On failure it has said why. */
enum status init_start_process(struct init *init, struct process *process);

/* ---- watch.c ---- */
static inline bool init_supervises(const struct process *process)
{
	return process->policy.when != RESTART_NEVER;
}
void init_set_state(struct process *process, enum supervisor_state state);
/*
 * Reports how processes end, keeps crashes, starts again what is to be, serves the Supervisor; returns when one that ends the
 * system has ended for good, with its exit code.
 */
int64_t init_watch(struct init *init);
/* For the Supervisor: takes up a process that does not run. */
void init_take_up(struct init *init, struct process *process);

/* ---- crash.c ---- */
/* Remembers how it ended; its handle must still be there. */
void init_keep_crash(struct init *init, const struct process *process, const struct spawn_exit *exit);
/* Null: there is none of that number (any more). */
const struct crash *init_crash(const struct init *init, uint64_t number);

/* ---- serve.c ---- */
/* Makes the endpoint, if the image grants the Supervisor to anybody. */
enum status init_make_supervisor(struct init *init);
/* What was asked of the process is done. */
void init_answer_asker(struct process *process, enum status status);
void init_answer_watchers(struct init *init);
