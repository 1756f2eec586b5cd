// SPDX-License-Identifier: MIT OR Apache-2.0
/* See reference.h. */
#include "reference.h"

#include <archimpl/explorer.h>

void ref_install(struct reference *ref, unsigned process, uint64_t id, struct ref_authority authority)
{
	for (unsigned i = 0; i < REF_CAPS; i++) {
		struct ref_cap *cap = &ref->table[process][i];

		explore_check(cap->id != id);
		if (cap->id == 0) {
			*cap = (struct ref_cap){.id = id, .authority = authority};
			return;
		}
	}
	explore_check(false); /* the test keeps tables small */
}

static bool is_dead(const struct reference *ref, int gate)
{
	return gate != REF_NO_GATE && ref->gate[gate].dead;
}

enum status ref_find(struct reference *ref, unsigned process, uint64_t id, struct ref_cap **out)
{
	for (unsigned i = 0; id != 0 && i < REF_CAPS; i++) {
		struct ref_cap *cap = &ref->table[process][i];

		if (cap->id != id || cap->leaving)
			continue;
		*out = cap;
		return is_dead(ref, cap->authority.gate) ? STATUS_REVOKED : STATUS_OK;
	}
	return STATUS_BAD_ID;
}

enum status ref_release(struct reference *ref, unsigned process, uint64_t id)
{
	struct ref_cap *cap;

	if (ref_find(ref, process, id, &cap) == STATUS_BAD_ID)
		return STATUS_BAD_ID;
	*cap = (struct ref_cap){};
	return STATUS_OK;
}

/* --- gates --- */

static unsigned depth_of(const struct reference *ref, int gate)
{
	return gate == REF_NO_GATE ? 0 : ref->gate[gate].depth;
}

static unsigned joint_depth(const struct reference *ref, int a, int b)
{
	unsigned da = depth_of(ref, a), db = depth_of(ref, b);

	return (da > db ? da : db) + 1;
}

static int new_gate(struct reference *ref, int a, int b)
{
	explore_check(ref->gates < REF_GATES);
	ref->gate[ref->gates] = (struct ref_gate){.dead = is_dead(ref, a) || is_dead(ref, b),
						  .parent = {a, b},
						  .depth = joint_depth(ref, a, b)};
	return (int)ref->gates++;
}

/* `inner` is `outer`, or below it. */
static bool is_below(const struct reference *ref, int inner, int outer)
{
	return inner == outer || (inner != REF_NO_GATE && (is_below(ref, ref->gate[inner].parent[0], outer) ||
							   is_below(ref, ref->gate[inner].parent[1], outer)));
}

enum status ref_lend(struct reference *ref, struct ref_authority authority, struct ref_authority *out)
{
	if (joint_depth(ref, authority.gate, REF_NO_GATE) > REF_MAX_DEPTH)
		return STATUS_GATE_DEPTH;
	*out = authority;
	out->gate = new_gate(ref, authority.gate, REF_NO_GATE);
	return STATUS_OK;
}

/* Under what a capability lent under `own` comes back through `via`; false: too deep. */
static bool combine(struct reference *ref, int own, int via, int *out)
{
	if (own == REF_NO_GATE || via == REF_NO_GATE)
		*out = own == REF_NO_GATE ? via : own;
	else if (is_below(ref, own, via))
		*out = own;
	else if (is_below(ref, via, own))
		*out = via;
	else if (joint_depth(ref, own, via) > REF_MAX_DEPTH)
		return false;
	else
		*out = new_gate(ref, own, via);
	return true;
}

/* --- calls --- */

static void came_back(struct reference *ref, unsigned process, const struct ref_call *call)
{
	for (unsigned i = 0; i < call->sent_count; i++)
		for (unsigned c = 0; call->sent[i].move && c < REF_CAPS; c++)
			if (ref->table[process][c].id == call->sent[i].id)
				ref->table[process][c].leaving = false;
}

static void end_call(struct reference *ref, unsigned process, enum status status)
{
	struct ref_call *call = &ref->call[process];

	if (call->state == REF_QUEUED)
		came_back(ref, process, call);
	call->delivered = call->withdrawn = call->state == REF_DELIVERED;
	call->state = REF_DONE;
	call->status = status;
	call->came_count = 0;
}

struct ref_report ref_revoke(struct reference *ref, unsigned gate)
{
	bool dies[REF_GATES] = {};
	struct ref_report report = {};

	for (unsigned g = 0; g < ref->gates; g++)
		dies[g] = !ref->gate[g].dead && is_below(ref, (int)g, (int)gate);
	for (unsigned p = 0; p < REF_PROCESSES; p++)
		for (unsigned c = 0; c < REF_CAPS; c++) {
			const struct ref_cap *cap = &ref->table[p][c];
			report.entries += cap->id != 0 && cap->authority.gate != REF_NO_GATE &&
					  dies[cap->authority.gate];
		}
	for (unsigned p = 0; p < REF_PROCESSES; p++) /* what came back and was not looked at */
		for (unsigned i = 0; ref->call[p].state == REF_DONE && i < ref->call[p].came_count; i++) {
			int under = ref->call[p].came[i].authority.gate;
			report.entries += under != REF_NO_GATE && dies[under];
		}
	for (unsigned g = 0; g < ref->gates; g++)
		ref->gate[g].dead |= dies[g];
	for (unsigned p = 0; p < REF_PROCESSES; p++) {
		struct ref_call *call = &ref->call[p];
		if ((call->state == REF_QUEUED || call->state == REF_DELIVERED) &&
		    call->gate != REF_NO_GATE && dies[call->gate]) {
			report.calls++;
			end_call(ref, p, STATUS_REVOKED);
		}
	}
	return report;
}

/* Resolves what is to be sent, in order; on failure nothing has changed. */
static enum status take_items(struct reference *ref, unsigned process, const struct ref_item *items,
			      unsigned count, struct ref_item *out)
{
	for (unsigned i = 0; i < count; i++) {
		struct ref_cap *cap;
		enum status status = ref_find(ref, process, items[i].id, &cap);

		if (status != STATUS_OK) {
			came_back(ref, process,
				  &(struct ref_call){.sent = {out[0], out[1], out[2]}, .sent_count = i});
			return status;
		}
		out[i] = items[i];
		out[i].authority = cap->authority;
		cap->leaving = items[i].move;
	}
	return STATUS_OK;
}

static void leave(struct reference *ref, unsigned process, const struct ref_item *items, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned c = 0; items[i].move && c < REF_CAPS; c++)
			if (ref->table[process][c].id == items[i].id)
				ref->table[process][c] = (struct ref_cap){};
}

enum status ref_call(struct reference *ref, unsigned process, uint64_t target, uint64_t method,
		     const struct ref_item *items, unsigned count)
{
	struct ref_call call = {.state = REF_QUEUED, .sent_count = count, .order = ++ref->calls};
	struct ref_cap *cap;
	enum status status = ref_find(ref, process, target, &cap);

	if (status != STATUS_OK)
		return status;
	if (!(cap->authority.methods >> method & 1))
		return STATUS_DENIED;
	call.endpoint = cap->authority.object;
	call.gate = cap->authority.gate;
	status = take_items(ref, process, items, count, call.sent);
	if (status == STATUS_OK)
		ref->call[process] = call;
	return status;
}

int ref_next_call(const struct reference *ref, unsigned endpoint)
{
	int best = -1;

	for (int p = 0; p < REF_PROCESSES; p++)
		if (ref->call[p].state == REF_QUEUED && ref->call[p].endpoint == endpoint &&
		    (best < 0 || ref->call[p].order < ref->call[best].order))
			best = p;
	return best;
}

void ref_deliver(struct reference *ref, unsigned caller)
{
	struct ref_call *call = &ref->call[caller];

	leave(ref, caller, call->sent, call->sent_count);
	call->state = REF_DELIVERED;
}

enum status ref_return(struct reference *ref, unsigned server, unsigned caller, const struct ref_item *items,
		       unsigned count)
{
	struct ref_call *call = &ref->call[caller];
	struct ref_item came[REF_MESSAGE_CAPS] = {};
	unsigned gates = ref->gates;
	enum status status = take_items(ref, server, items, count, came);

	if (status != STATUS_OK)
		return status;
	for (unsigned i = 0; i < count && !call->withdrawn; i++)
		if (!combine(ref, came[i].authority.gate, call->gate, &came[i].authority.gate)) {
			ref->gates = gates;
			struct ref_call undo = {.sent_count = count};
			__builtin_memcpy(undo.sent, came, sizeof came);
			came_back(ref, server, &undo);
			return STATUS_GATE_DEPTH;
		}
	leave(ref, server, came, count);
	if (call->withdrawn) {
		call->withdrawn = false;
		return STATUS_OK;
	}
	call->state = REF_DONE;
	call->status = STATUS_OK;
	call->delivered = true;
	__builtin_memcpy(call->came, came, sizeof came);
	call->came_count = count;
	return STATUS_OK;
}
