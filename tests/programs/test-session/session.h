// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-session share. */
#pragma once

#include <runtime/string.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>
#include <schema/kernel/session_context.capnp.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull

/* Methods of the endpoint that children call. */
enum door { DOOR_ASK = 1, DOOR_WAIT, DOOR_SEND, DOOR_LEAVE };

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	struct raw raw;
	cap_id timer, manager, spawner, sessions;
	cap_id endpoint, facet_template; /* 1024 bytes, 4 capabilities */
};

extern struct world w;

/* main.c: for the parent */
cap_id new_session(const char *account, uint64_t expires_ns);
bool is_alive(cap_id session, uint32_t *processes);
/* A child in that session (null: ours) that runs `role`, with a facet "door" of the endpoint behind the template, and one more. */
cap_id start_child(const char *role, cap_id session, cap_id door_template, const struct spawn_grant *more);
/* How it ended, if it exited: its code; otherwise -1000. */
int64_t end_of(cap_id child);
/* The next call at the endpoint; notices are passed over. */
struct cap_cqe receive_until(cap_id endpoint, uint64_t deadline_ns);
struct cap_cqe receive_at(cap_id endpoint); /* within some seconds */
enum status answer(uint64_t token);
void end_session(cap_id session);

void test_factory(void);  /* factory.c */
void test_identity(void); /* identity.c */
void test_life(void);     /* life.c */
void test_scopes(void);   /* scopes.c */

/* What a child does. */
cap_id granted(const char *name);
int role_asks(void);       /* identity.c */
int role_retains(void);    /* life.c */
int role_waits(void);      /* life.c */
int role_uses_bound(void); /* life.c */
int role_sends(void);      /* scopes.c */
int role_receives(void);   /* scopes.c */
int role_returns(void);    /* scopes.c */
