// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What the parts of test-hostile share. The children here use their rings bare, without the ring client:
 * whatever lib/runtime takes care of, they do not.
 */
#pragma once

#include <abi/region.h>
#include <abi/ring.h>
#include <runtime/enter.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <runtime/string.h>
#include <runtime/thread.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/memory_object.capnp.h>
#include <schema/kernel/notification.capnp.h>
#include <schema/kernel/process_handle.capnp.h>
#include <schema/kernel/process_spawner.capnp.h>
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <schema/kernel/virtual_memory.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>
#include <testing/victim.h>

#define MS 1'000'000ull
#define FAULT(reason) PROCESS_HANDLE_EXIT_REASON_##reason

struct world {
	struct rpc_transport *t;
	cap_id timer, manager, space, spawner, threads, info;
};

extern struct world w;

/* A ring, used bare. */
struct bare {
	struct cap_region *region;
	struct cap_sqe *sq;
	struct cap_cqe *cq;
	uint8_t *arena;
	uint32_t sq_count, cq_count, arena_len; /* read once at the start */
	uint32_t tail, reaped;
	uint64_t accepted, completed;
};

struct bare bare_start(void);
/* Writes an entry at the tail, which it moves. No check whether there is room. */
void bare_push(struct bare *b, struct cap_sqe sqe);
void bare_enter(struct bare *b, uint64_t min, uint64_t deadline_ns);
/* The next completion, or false. */
bool bare_reap(struct bare *b, struct cap_cqe *cqe);
/* One entry and its completion; status 1000: none came within a second. */
int32_t bare_do(struct bare *b, struct cap_sqe sqe, struct cap_cqe *cqe);

/* A repeatable sequence. */
uint64_t dice(void);

extern const struct victim ring_victims[]; /* rings.c */
extern const uint32_t ring_victim_count;
extern const struct victim field_victims[]; /* fields.c */
extern const uint32_t field_victim_count;
extern const struct victim race_victims[]; /* races.c */
extern const uint32_t race_victim_count;
extern const struct victim quota_victims[]; /* quotas.c */
extern const uint32_t quota_victim_count;
void test_stranger(void); /* stranger.c */
int stranger(void);
void test_kills(void); /* kills.c */
int waits_to_be_killed(void);
