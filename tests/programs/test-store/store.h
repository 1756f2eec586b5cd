// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-store share. */
#pragma once

#include <hash/hash.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/service/namespace.capnp.h>
#include <schema/service/store.capnp.h>
#include <testing/child.h>
#include <testing/tap.h>

#define FAILED 0xffffu
#define DONE FILE_OUTCOME_DONE

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id store, names, view, manager, space;
};
extern struct world w;

void test_blobs(void);
void test_names(void);
void test_model(uint64_t seed);
void test_quota(void);
void test_garble(void);
int child_poor(void);

void drop(cap_id id);
/* blob null: no room is reserved for it. id: 32 bytes, may be null. */
unsigned put(const void *bytes, uint32_t count, const uint8_t *expected, uint8_t *id, cap_id *blob);
unsigned get(const uint8_t *id, uint64_t offset, void *bytes, uint32_t count, uint32_t *got, uint64_t *size);
/* links: link_count ids; expected null: whatever it is. */
unsigned finish(cap_id writer, const uint8_t *const *links, uint32_t link_count, const uint8_t *expected,
		uint8_t *id, cap_id *blob);
uint64_t collect(void);

enum bind_kind : uint8_t { BIND_NONE, BIND_BLOB, BIND_VALUE, BIND_SPACE };
struct bind {
	const char *name;
	enum bind_kind kind;
	const uint8_t *id;
	const char *value;
	cap_id space;
	enum namespace_check check;
	uint64_t version;
};
unsigned update(cap_id names, const struct bind *binds, uint32_t count, uint64_t expected,
		uint64_t *generation, uint32_t *index);
/* The kind, or FAILED + outcome. value: room for 64 bytes, NUL-terminated. */
unsigned look(cap_id names, const char *name, char *value, uint8_t *id, cap_id *space, uint64_t *version);
