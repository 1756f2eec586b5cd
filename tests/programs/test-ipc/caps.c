// SPDX-License-Identifier: MIT OR Apache-2.0
/* Capabilities in calls and answers: COPY, MINT, facets and their keys, DUP, RELEASE, attenuated facets. */
#include <schema/kernel/capability_manager.capnp.h>
#include <schema/kernel/endpoint.capnp.h>

#include "ipc.h"

static void test_copy(void)
{
	struct raw_remote r = {.target = w.facet, .caps = 2, .buf_caps = 3};
	uint64_t ns = 0;

	r.descs[0] = (struct cap_desc){.id = w.timer.raw, .kind = CAP_DESC_COPY};
	r.descs[1] = (struct cap_desc){.id = w.facet.raw, .kind = CAP_DESC_COPY};
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	cap_id timer = raw_received_cap(&w.raw, 0), facet = raw_received_cap(&w.raw, 1);
	tap_ok(cqe.status == STATUS_OK && raw_header(&w.raw)->caps == 2 && cqe.caps == 2 && timer.raw &&
		       facet.raw && timer.raw != w.timer.raw,
	       "two capabilities come with a call");
	tap_is(timer_now(w.t, timer, &ns), STATUS_OK, "the one that came can be called");

	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	descs[0] = (struct cap_desc){.id = timer.raw, .kind = CAP_DESC_COPY};
	descs[1] = (struct cap_desc){.id = w.facet_template.raw, .path_or_key = 99, .kind = CAP_DESC_MINT};
	struct cap_sqe sqe = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 1, 1));
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 2;
	tap_is(raw_status(&w.raw, sqe), STATUS_OK, "RETURN with a copy and a new facet");
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_OK && r.cqe.caps == 2 && r.ids[0] && r.ids[1], "the caller has both");
	tap_is(timer_now(w.t, (cap_id){r.ids[0]}, &ns), STATUS_OK, "the copy can be called");

	struct raw_remote second = {.target = {r.ids[1]}};
	(void)!raw_remote_start(&second);
	cqe = receive();
	tap_ok(cqe.status == STATUS_OK && raw_header(&w.raw)->key == 99,
	       "a call through the new facet carries its key");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&second);

	ring_release(w.ring, timer);
	ring_release(w.ring, facet);
	ring_release(w.ring, (cap_id){r.ids[0]});
	ring_release(w.ring, (cap_id){r.ids[1]});
}

static void test_too_many(void)
{
	struct raw_remote r = {.target = w.facet, .buf_caps = 1};

	for (unsigned i = 0; i < RAW_MAX_CAPS; i++)
		r.descs[i] = (struct cap_desc){.id = w.timer.raw};
	r.caps = 5;
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_TOO_LARGE,
	       "more capabilities than the endpoint takes: refused at the sender");

	r.caps = 4;
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	struct cap_desc *descs = raw_at(&w.raw, w.raw.caps);
	descs[0] = descs[1] = (struct cap_desc){.id = w.timer.raw};
	struct cap_sqe sqe = raw_return(&w.raw, cqe.token, raw_fill(&w.raw, 0, 0));
	sqe.caps_off = w.raw.caps;
	sqe.caps_len = 2;
	tap_is(raw_status(&w.raw, sqe), STATUS_TOO_LARGE,
	       "more than the caller set slots aside for: refused at the server");
	for (uint32_t i = 0; i < 4; i++)
		ring_release(w.ring, raw_received_cap(&w.raw, i));
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	tap_ok(r.cqe.status == STATUS_OK && r.cqe.caps == 0, "the call was still open");

	r = (struct raw_remote){.target = w.facet, .caps = 2};
	r.descs[0] = (struct cap_desc){.id = w.timer.raw};
	r.descs[1] = (struct cap_desc){.id = w.timer.raw ^ 1ull << 40};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_BAD_ID,
	       "a stale id among the capabilities: nothing is sent");
	r.descs[1] = (struct cap_desc){.id = w.timer.raw, .kind = 9};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_BAD_OP, "a descriptor of no kind");
	r.descs[1] = (struct cap_desc){.id = w.timer.raw, .zero = {1}};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_is((enum status)r.cqe.status, STATUS_BAD_OP, "a descriptor with something in its reserved bytes");
	r.descs[1] = (struct cap_desc){.id = w.timer.raw, .kind = CAP_DESC_MINT};
	(void)!raw_remote_start(&r);
	raw_remote_join(&r);
	tap_ok(r.cqe.status != STATUS_OK, "minting from what is no template (%s)",
	       tap_status_name((enum status)r.cqe.status));
	r.descs[1] = (struct cap_desc){.id = w.facet_template.raw, .kind = CAP_DESC_COPY};
	r.caps = 2;
}

static void test_identify(void)
{
	struct endpoint_identify_results_reader found;
	struct rpc_call call;
	cap_id less = CAP_ID_NULL;

	struct endpoint_identify_params_builder p = endpoint_identify_begin(&call, w.t, w.endpoint);
	endpoint_identify_params_builder_set_facet(p, rpc_add_cap(&call, w.facet));
	tap_ok(endpoint_identify_call(&call, &found) == STATUS_OK &&
		       endpoint_identify_results_reader_mine(found) &&
		       endpoint_identify_results_reader_key(found) == 7,
	       "endpoint.identify: mine, and its key");
	rpc_end(&call);

	tap_is(capability_manager_attenuate(w.t, w.manager, w.facet, RAW_INTERFACE, 1 << 2, &less), STATUS_OK,
	       "an attenuated facet");
	p = endpoint_identify_begin(&call, w.t, w.endpoint);
	endpoint_identify_params_builder_set_facet(p, rpc_add_cap(&call, less));
	bool good = endpoint_identify_call(&call, &found) == STATUS_OK &&
		    endpoint_identify_results_reader_mine(found);
	struct endpoint_method_set_list_reader sets = endpoint_identify_results_reader_interfaces(found);
	tap_ok(good && endpoint_method_set_list_reader_count(sets) == 1 &&
		       endpoint_method_set_reader_methods(endpoint_method_set_list_reader_at(sets, 0)) ==
			       1 << 2 &&
		       endpoint_method_set_reader_interface_id(endpoint_method_set_list_reader_at(sets, 0)) ==
			       RAW_INTERFACE,
	       "endpoint.identify shows what it may call");
	rpc_end(&call);

	tap_is(raw_status(&w.raw, raw_call(&w.raw, less, 1, raw_fill(&w.raw, 0, 0))), STATUS_DENIED,
	       "a method that was removed is refused at the sender");
	struct raw_remote r = {.target = less, .method = 2};
	(void)!raw_remote_start(&r);
	struct cap_cqe cqe = receive();
	tap_ok(cqe.status == STATUS_OK && raw_header(&w.raw)->method == 2 && raw_header(&w.raw)->key == 7,
	       "the one that is left arrives");
	(void)!answer(cqe.token, 0, 0);
	raw_remote_join(&r);
	ring_release(w.ring, less);
}

static void test_dup_release(void)
{
	cap_id copy = CAP_ID_NULL;
	struct cap_sqe dup = {.op = CAP_OP_DUP, .target = w.timer.raw}, release = {.op = CAP_OP_RELEASE};
	struct cap_cqe cqe = raw_do(&w.raw, dup);
	uint64_t ns;

	copy = (cap_id){cqe.token};
	tap_ok(cqe.status == STATUS_OK && copy.raw && copy.raw != w.timer.raw, "DUP");
	release.target = copy.raw;
	tap_is(raw_status(&w.raw, release), STATUS_OK, "RELEASE");
	tap_is(raw_status(&w.raw, release), STATUS_BAD_ID, "RELEASE again");
	tap_is(timer_now(w.t, copy, &ns), STATUS_BAD_ID, "a call through it");
	tap_is(timer_now(w.t, w.timer, &ns), STATUS_OK, "the one that it was made from lives");
	cqe = raw_do(&w.raw, dup);
	tap_ok(cqe.status == STATUS_OK && cqe.token != copy.raw, "a slot that is used again has another id");
	release.target = cqe.token;
	(void)!raw_status(&w.raw, release);
	tap_is(raw_status(&w.raw, (struct cap_sqe){.op = CAP_OP_DUP, .target = 0}), STATUS_BAD_ID,
	       "DUP of null");
}

void test_capabilities(void)
{
	test_copy();
	test_too_many();
	test_identify();
	test_dup_release();

	/* The same once more leaves nothing behind. */
	struct child_counts before = child_counts();
	struct raw_remote r = {.target = w.facet, .caps = 1, .buf_caps = 1};
	r.descs[0] = (struct cap_desc){.id = w.timer.raw};
	for (unsigned i = 0; i < 20; i++) {
		(void)!raw_remote_start(&r);
		struct cap_cqe cqe = receive();
		ring_release(w.ring, raw_received_cap(&w.raw, 0));
		(void)!answer(cqe.token, 0, 0);
		raw_remote_join(&r);
	}
	tap_ok(child_counts_return(&before), "counts return to the baseline");
}
