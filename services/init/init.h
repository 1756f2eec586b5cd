// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * init's state: the processes of the image, and the capabilities from which their grants are made.
 */
#pragma once

#include <rpc/rpc.h>
#include <schema/service/image.capnp.h>
#include <spawn/spawn.h>

#define MAX_PROCESSES 24u /* each keeps a call open in the ring's arena */
#define MAX_EXPORTS 8u

struct process {
	struct image_process_reader image;
	struct msg_text name;
	struct spawn_program program;
	struct spawn_process spawned;
	struct rpc_call wait; /* ProcessHandle.wait, open while it runs */
	bool running, failed;
	cap_id endpoint; /* until it was started; null: no exports */
	cap_id templates[MAX_EXPORTS];
};

struct init {
	struct rpc_transport *transport;
	cap_id spawner, manager, entropy, power, io_ports, interrupts;
	struct spawn_package package;
	struct msg_reader index; /* of the package; the image lies in it */
	struct image_reader image;
	struct process processes[MAX_PROCESSES];
	uint32_t count;
};

/* ---- exports.c ---- */
/* Makes each exporting process's endpoint, and a template for each export. */
enum status init_make_endpoints(struct init *init);
/* Drops init's own ends, so that a server's end is noticed by its clients. */
void init_drop_endpoints(struct init *init);
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

/* ---- watch.c ---- */
/* Waits for processes to end, reports each; returns when one that ends the system has ended, with its exit code. */
int64_t init_watch(struct init *init);
