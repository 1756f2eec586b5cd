// SPDX-License-Identifier: MIT OR Apache-2.0
/* Why do I hold this? What CapabilityManager says of one's own. */
#include <schema/kernel/revoker.capnp.h>
#include <schema/kernel/timer.capnp.h>

#include "inspector.h"

#define METHOD 3u

static void test_granted(void)
{
	cap_id console = runtime_need("console", 0);
	struct entry timer = describe(w.timer), other = describe(console);

	tap_ok(timer.provenance == CAPABILITY_MANAGER_PROVENANCE_GRANT && timer.giver == INIT_PID,
	       "granted by init");
	tap_ok(timer.which == CAPABILITY_MANAGER_ENTRY_VIA_WHICH_NOTE && timer.via == other.via + 1 &&
		       other.via > 10,
	       "in that line of the image (%u, and the one before it)", (unsigned)timer.via);
	tap_ok(timer.interface_id == TIMER_INTERFACE_ID && (timer.flags & 1) && timer.revocations == 0 &&
		       timer.revoker == 0 && timer.lender == 0,
	       "a kernel object that nobody takes back");
}

static void test_made(void)
{
	cap_id copy = CAP_ID_NULL, notification = CAP_ID_NULL;

	(void)!ring_dup(w.ring, w.timer, &copy);
	struct entry e = describe(copy);
	tap_ok(e.provenance == CAPABILITY_MANAGER_PROVENANCE_DUPLICATE && e.giver == w.pid &&
		       e.which == CAPABILITY_MANAGER_ENTRY_VIA_WHICH_ORIGIN && e.via == w.timer.raw,
	       "a duplicate, and of which");
	ring_release(w.ring, copy);
	(void)!capability_manager_create_notification(w.t, w.manager, &notification);
	e = describe(notification);
	tap_ok(e.provenance == CAPABILITY_MANAGER_PROVENANCE_ANSWER && e.giver == 0 &&
		       e.which == CAPABILITY_MANAGER_ENTRY_VIA_WHICH_INTERFACE &&
		       e.via == CAPABILITY_MANAGER_INTERFACE_ID &&
		       e.method == CAPABILITY_MANAGER_CREATE_NOTIFICATION,
	       "came with the answer to CapabilityManager.createNotification, from the kernel");
	ring_release(w.ring, notification);
}

/* This process calls itself, and looks at what came. */
static void test_received(void)
{
	cap_id endpoint, facet_template, facet;
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	struct raw_remote remote = {.method = METHOD, .words = 1, .caps = 2, .buf_caps = 1};

	(void)!raw_endpoint(1024, 4, &endpoint, &facet_template);
	(void)!raw_mint(&w.raw, endpoint, facet_template, 77, &facet);
	struct entry e = describe(facet);
	tap_ok(!(e.flags & 1) && e.key == 0, "a facet: its key is the server's business");
	remote.target = facet;
	remote.descs[0] = (struct cap_desc){.id = w.timer.raw};
	remote.descs[1] = (struct cap_desc){facet_template.raw, 78, CAP_DESC_MINT, {}};
	(void)!raw_remote_start(&remote);
	struct cap_cqe cqe = raw_do(&w.raw, raw_recv(&w.raw, endpoint));
	cap_id first = raw_received_cap(&w.raw, 0), second = raw_received_cap(&w.raw, 1);
	e = describe(first);
	tap_ok(e.provenance == CAPABILITY_MANAGER_PROVENANCE_CALL && e.via == RAW_INTERFACE &&
		       e.method == METHOD && e.giver == w.pid && !(e.flags & MINTED),
	       "received in a call, and of which method");
	e = describe(second);
	tap_ok(e.provenance == CAPABILITY_MANAGER_PROVENANCE_CALL && (e.flags & MINTED), "minted in a call");
	struct cap_sqe ret = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 0, 0));
	descs[0] = (struct cap_desc){.id = first.raw};
	ret.caps_off = w.raw.caps;
	ret.caps_len = 1;
	(void)!raw_status(&w.raw, ret);
	raw_remote_join(&remote);
	cap_id back = {remote.ids[0]};
	e = describe(back);
	tap_ok(e.provenance == CAPABILITY_MANAGER_PROVENANCE_ANSWER && e.via == RAW_INTERFACE &&
		       e.method == METHOD && e.giver == w.pid,
	       "came with the answer of a process");
	const cap_id all[] = {endpoint, facet_template, facet, first, second, back};
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ring_release(w.ring, all[i]);
}

static enum status lend(cap_id cap, cap_id *lent, cap_id *revoker)
{
	return capability_manager_make_revocable(w.t, w.manager, cap, 0, lent, revoker);
}

static void test_lent(void)
{
	cap_id lent, revoker, inner, inner_revoker;
	uint64_t entries, calls, mappings;

	(void)!lend(w.timer, &lent, &revoker);
	(void)!lend(lent, &inner, &inner_revoker);
	struct entry e = describe(lent), r = describe(revoker), i = describe(inner),
		     ir = describe(inner_revoker);
	tap_ok(e.revocations == 1 && e.lender == w.pid && e.revoker == r.object && r.object != 0,
	       "a revocable capability names who can revoke it, and the Revoker");
	tap_ok(i.revocations == 2 && i.revoker == ir.object && i.revoker != e.revoker,
	       "a nested one the innermost");
	struct system_inspector_revokers_results_reader results;
	struct rpc_call call;
	struct system_inspector_revokers_params_builder p = system_inspector_revokers_begin(&call, w.t,
											    w.inspector);
	system_inspector_revokers_params_builder_set_pid(p, w.pid);
	system_inspector_revokers_params_builder_set_id(p, inner.raw);
	tap_is(system_inspector_revokers_call(&call, &results), STATUS_OK, "the inspector's revokers");
	struct system_inspector_gate_list_reader gates = system_inspector_revokers_results_reader_revokers(
		results);
	tap_ok(system_inspector_gate_list_reader_count(gates) == 2 &&
		       system_inspector_gate_reader_object(system_inspector_gate_list_reader_at(gates, 0)) ==
			       ir.object &&
		       system_inspector_gate_reader_object(system_inspector_gate_list_reader_at(gates, 1)) ==
			       r.object &&
		       system_inspector_gate_reader_owner(system_inspector_gate_list_reader_at(gates, 1)) ==
			       w.pid,
	       "are both, innermost first");
	rpc_end(&call);
	(void)!revoker_revoke(w.t, revoker, &entries, &calls, &mappings);
	uint32_t next;
	enum status status;
	e = first_of(w.pid, cap_id_slot(inner), &next, &status);
	tap_ok(e.id == inner.raw && (e.flags & REVOKED), "revoked: it shows");
	const cap_id all[] = {lent, revoker, inner, inner_revoker};
	for (unsigned n = 0; n < 4; n++)
		ring_release(w.ring, all[n]);
}

static void test_interfaces(void)
{
	struct capability_manager_interfaces_results_reader results;
	cap_id fewer = CAP_ID_NULL;
	struct rpc_call call;

	(void)!capability_manager_attenuate(w.t, w.manager, w.timer, TIMER_INTERFACE_ID, 1, &fewer);
	struct capability_manager_interfaces_params_builder p = capability_manager_interfaces_begin(
		&call, w.t, w.manager);
	capability_manager_interfaces_params_builder_set_capability(p, rpc_add_cap(&call, fewer));
	tap_is(capability_manager_interfaces_call(&call, &results), STATUS_OK,
	       "interfaces of one capability");
	struct endpoint_method_set_list_reader sets = capability_manager_interfaces_results_reader_sets(
		results);
	struct endpoint_method_set_reader set = endpoint_method_set_list_reader_at(sets, 0);
	tap_ok(endpoint_method_set_list_reader_count(sets) == 1 &&
		       endpoint_method_set_reader_interface_id(set) == TIMER_INTERFACE_ID &&
		       endpoint_method_set_reader_methods(set) == 1,
	       "with the methods that are left");
	rpc_end(&call);
	capability_manager_interfaces_begin(&call, w.t, w.manager);
	tap_ok(tap_raises(&call, EXCEPTION_TYPE_INVALID_ARGUMENT, "capability"), "of none");
	ring_release(w.ring, fewer);
}

void test_provenance(void)
{
	/* A duplicate's giver is this process: that is how it learns its number. */
	cap_id copy = CAP_ID_NULL;

	(void)!ring_dup(w.ring, w.timer, &copy);
	w.pid = describe(copy).giver;
	ring_release(w.ring, copy);
	test_granted();
	test_made();
	test_received();
	test_lent();
	test_interfaces();
}
