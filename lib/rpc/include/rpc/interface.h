// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What is known of an interface at run time, generated as one constant for each: `timer_interface` for Timer.
 *
 * A server (a kernel object type, a service's object) is a pair of such a constant and a table of its functions; the
 * dispatcher of an interface also answers for those that it extends. Documentation is in a table of its own, which
 * the linker leaves out where nobody looks at it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <abi/status.h>

struct rpc_request;

/* ops: the struct X_server_ops of that interface. */
typedef enum status rpc_dispatch_fn(const void *ops, void *self, struct rpc_request *request);

struct rpc_method {
	const char *name; /* as in the schema */
	uint64_t params_id, results_id;
	uint16_t ordinal;
};

struct rpc_interface {
	uint64_t id;
	const char *name;                 /* as in the schema, without its file */
	const struct rpc_method *methods; /* by ordinal, without gaps */
	const struct rpc_interface *const *supers;
	rpc_dispatch_fn *dispatch;
	uint16_t method_count;
	uint16_t super_count;
};

/* The interface or one that it extends, by id; null: it is none of these. */
static inline const struct rpc_interface *rpc_interface_find(const struct rpc_interface *i, uint64_t id)
{
	if (i->id == id)
		return i;
	for (unsigned s = 0; s < i->super_count; s++) {
		const struct rpc_interface *found = rpc_interface_find(i->supers[s], id);

		if (found)
			return found;
	}
	return nullptr;
}
