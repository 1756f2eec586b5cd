// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-inspector share. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/system_inspector.capnp.h>
#include <testing/child.h>
#include <testing/raw.h>
#include <testing/tap.h>

#define MS 1'000'000ull
#define INIT_PID 1u

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	struct raw raw;
	cap_id timer, inspector, manager;
	uint32_t pid;
};

extern struct world w;

enum { MINTED = 8, REVOKED = 16 };

/* A copy of CapabilityManager.Entry. */
struct entry {
	uint64_t id, interface_id, methods, object, via, revoker, key;
	uint32_t giver, flags, lender;
	uint16_t provenance, method, which;
	uint8_t revocations;
};

struct entry copy_entry(struct capability_manager_entry_reader e);
/* By CapabilityManager.describe; id 0: it failed. */
struct entry describe(cap_id cap);
/* By SystemInspector, the first of that process from slot `from` on; id 0: none. *next as there. */
struct entry first_of(uint32_t pid, uint32_t from, uint32_t *next, enum status *status);

void test_provenance(void); /* provenance.c */
void test_graph(void);      /* graph.c */
void test_load(void);       /* load.c */
int child(void);            /* load.c */
