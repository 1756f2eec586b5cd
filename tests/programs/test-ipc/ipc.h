// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-ipc share. */
#pragma once

#include <runtime/string.h>
#include <schema/kernel/timer.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	struct raw raw;
	cap_id timer, manager, space;
	cap_id endpoint, facet_template; /* 1024 bytes, 4 capabilities */
	cap_id facet;                    /* key 7 */
};

extern struct world w;

/* main.c */
/* The next call at the endpoint, within a second; notices are passed over. */
struct cap_cqe receive(void);
/* Starts that call to w.facet with a deadline, and receives it before that passes: a short one, or a longer one on a busy host. */
struct cap_cqe receive_expiring(struct raw_remote *call);
struct cap_cqe receive_within(uint64_t ns);
/* The next call or notice. */
struct cap_cqe receive_any(uint64_t ns);
/* Answers with raw_fill(words, first). */
enum status answer(uint64_t token, uint32_t words, uint64_t first);

void test_calls(void); /* calls.c */
void test_answers(void);
void test_capabilities(void);  /* caps.c */
void test_failures(void);      /* failures.c */
void test_gates(void);         /* gates.c */
void test_pipeline(void);      /* pipeline.c */
void test_notices(void);       /* notices.c */
void test_supervised(void);    /* supervised.c */
void test_credits(void);       /* credits.c */
void test_processes(void);     /* processes.c */
void test_notifications(void); /* notifications.c */
int child_gives_a_word(void);
int child(void); /* processes.c: what this program does with an argument */
