// SPDX-License-Identifier: MIT OR Apache-2.0
/* The Attenuator's own methods, and the log of refusals. */
#include <fmt/fmt.h>
#include <schema/kernel/capability_manager.capnp.h>

#include "attenuator.h"

#define LIST_MAX 8u

static enum status refuse_rules(struct rpc_request *request, const struct rules_refusal *why)
{
	char text[120];

	fmt_print(text, sizeof(text), "rule %u: %.*s%s%s", why->rule, (int)why->field.len, why->field.ptr,
		  why->field.len ? ": " : "", why->why);
	return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, text, "rules");
}

/* Sets up the rules; their message is copied, because that in the arena goes. */
static enum status open_set(struct attenuator *a, struct rpc_request *request, struct rule_set *set,
			    struct rules_set *sets, uint32_t count)
{
	uint32_t bytes = request->params.words * 8;
	struct rules_refusal why;

	if (bytes > RULES_BYTES)
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT, "at most 2048 bytes of rules",
				 "rules");
	__builtin_memcpy(set->message, request->params.base, bytes);
	set->session = request->call->session;
	if (!rules_open(&set->rules, &a->registry, set->message, bytes, sets, count, &why))
		return refuse_rules(request, &why);
	return STATUS_OK;
}

/* The facet under a lease. */
static enum status lend(struct attenuator *a, const struct wrapped *w, uint64_t expires_ns, cap_id *lent)
{
	struct capability_manager_make_revocable_results_reader results;
	struct rpc_call call;
	struct capability_manager_make_revocable_params_builder p = capability_manager_make_revocable_begin(
		&call, a->transport, a->manager);

	capability_manager_make_revocable_params_builder_set_capability(
		p, rpc_add_minted(&call, w->facet_template, attenuator_key(a, w)));
	capability_manager_make_revocable_params_builder_set_expires_ns(p, expires_ns);

	enum status status = capability_manager_make_revocable_call(&call, &results);

	if (status == STATUS_OK) {
		*lent = rpc_result_cap(&call,
				       capability_manager_make_revocable_results_reader_capability(results));
		ring_release(a->ring,
			     rpc_result_cap(&call, capability_manager_make_revocable_results_reader_revoker(
							   results)));
	}
	rpc_end(&call);
	return status;
}

static enum status give(struct attenuator *a, struct rpc_request *request, struct wrapped *w,
			struct attenuator_where_results_builder results)
{
	uint64_t expires = rules_expiry(&w->rules->rules);
	cap_id lent = CAP_ID_NULL;
	int32_t index;

	if (expires != 0) {
		if (lend(a, w, expires, &lent) != STATUS_OK) {
			attenuator_unwrap(a, w);
			return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
					 "it would have expired already", "rules");
		}
		index = rpc_request_move_cap(request, lent);
	} else {
		index = rpc_request_mint_cap(request, w->facet_template, attenuator_key(a, w));
	}
	if (index < 0) {
		ring_release(a->ring, lent);
		if (!lent.raw) /* otherwise its release notice does it */
			attenuator_unwrap(a, w);
		request->results.failed = false;
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "no room was reserved for a capability",
				 nullptr);
	}
	attenuator_where_results_builder_set_capability(results, index);
	return STATUS_OK;
}

static enum status where(void *self, struct rpc_request *request,
			 struct attenuator_where_params_reader params,
			 struct attenuator_where_results_builder results)
{
	struct attenuator *a = self;
	cap_id given = rpc_request_cap(request, attenuator_where_params_reader_capability(params)), target;
	struct rule_set *set = attenuator_free_set(a);
	struct rules_set sets[RULES_MAX_SETS];
	uint32_t count;

	if (!given.raw || !attenuator_interfaces(a, given, sets, &count))
		return rpc_raise(request, EXCEPTION_TYPE_INVALID_ARGUMENT,
				 "no capability, or one that cannot be called", "capability");
	if (!set)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many rules are held", nullptr);

	enum status status = open_set(a, request, set, sets, count);

	if (status != STATUS_OK)
		return status;
	/* What came is released after the call. */
	if (ring_dup(a->ring, given, &target) != STATUS_OK)
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "no room", nullptr);

	struct wrapped *w = attenuator_wrap(a, target, set, sets, count);

	if (!w) {
		ring_release(a->ring, target);
		return rpc_raise(request, EXCEPTION_TYPE_OVERLOADED, "too many capabilities are wrapped",
				 nullptr);
	}
	return give(a, request, w, results);
}

/* ---- Refusals ---- */

void attenuator_note_refusal(struct attenuator *a, const struct wrapped *w, uint64_t interface_id,
			     uint16_t method, const struct rules_refusal *why)
{
	struct refusal *r = &a->refusals[a->refusal_count++ % MAX_REFUSALS];

	*r = (struct refusal){
		.time_ns = runtime_now(),
		.session = w->rules->session,
		.interface_id = interface_id,
		.object = w->number,
		.method = method,
		.rule = (uint16_t)why->rule,
		.op = why->op,
	};
	fmt_print(r->field, sizeof(r->field), "%.*s", (int)why->field.len, why->field.ptr);
	fmt_print(r->value, sizeof(r->value), "%s", why->value);
}

static void fill(struct attenuator_refusal_builder b, const struct refusal *r, uint64_t number)
{
	attenuator_refusal_builder_set_number(b, number);
	attenuator_refusal_builder_set_time_ns(b, r->time_ns);
	attenuator_refusal_builder_set_interface_id(b, r->interface_id);
	attenuator_refusal_builder_set_method(b, r->method);
	attenuator_refusal_builder_set_rule(b, r->rule);
	attenuator_refusal_builder_set_op(b, r->op);
	attenuator_refusal_builder_set_object(b, r->object);
	attenuator_refusal_builder_set_field(b, msg_text_from(r->field));
	attenuator_refusal_builder_set_value(b, msg_text_from(r->value));
}

static enum status refusals(void *self, struct rpc_request *request,
			    struct attenuator_refusals_params_reader params,
			    struct attenuator_refusals_results_builder results)
{
	const struct attenuator *a = self;
	uint64_t asked = attenuator_refusals_params_reader_from(params), end = a->refusal_count;
	uint64_t oldest = end > MAX_REFUSALS ? end - MAX_REFUSALS : 0;
	uint64_t next = asked < oldest ? oldest : asked, numbers[LIST_MAX];
	uint32_t count = 0;

	for (; next < end && count < LIST_MAX; next++)
		if (a->refusals[next % MAX_REFUSALS].session == request->call->session)
			numbers[count++] = next;

	struct attenuator_refusal_list_builder list = attenuator_refusals_results_builder_init_refusals(
		results, count);

	for (uint32_t i = 0; i < count; i++)
		fill(attenuator_refusal_list_builder_at(list, i), &a->refusals[numbers[i] % MAX_REFUSALS],
		     numbers[i]);
	attenuator_refusals_results_builder_set_next(results, next);
	attenuator_refusals_results_builder_set_lost(results, asked < oldest ? oldest - asked : 0);
	return STATUS_OK;
}

enum status attenuator_serve(struct attenuator *a, struct rpc_request *request)
{
	static const struct attenuator_server_ops ops = {.where = where, .refusals = refusals};

	return attenuator_dispatch(&ops, a, request);
}
