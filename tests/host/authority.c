// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Authority only flows along grants, watched from outside while a scenario runs; see invariants.h, I10.
 *
 * What each process has held is remembered for ever: object, interface, methods. A capability that is new in a table must be
 * explained: the object is new; or the process itself, or whoever the entry names as its giver, or (for a table that was filled with
 * the process) its creator, has held the object, with those methods or with the object's own interface, which makes facets. The kernel gives
 * nothing that its caller did not make or hand in.
 *
 * Only with one CPU does every step show itself: with more, what was received and passed on while another CPU was in the kernel is
 * not seen. There the reference model speaks (reference_test.c).
 */
#include "invariants.h"

#include <archimpl/machine.h>

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#define HELD_BITS 13u
#define HELD (1u << HELD_BITS)
#define FRESH 512u

/* pid 0: anybody; that the object was there. */
struct held {
	uint64_t object, interface_id, methods;
	uint32_t pid;
	bool own; /* the object's own interface */
};

static struct held held[HELD];
static unsigned held_count;
static struct fresh {
	const struct process *process;
	const struct view *view;
	struct provenance provenance;
	bool explained;
} fresh[FRESH];
static unsigned fresh_count;
static bool watching;
static uint32_t newest_pid; /* of those that have been looked at */

static struct held *find(uint64_t object, uint64_t interface_id, uint32_t pid)
{
	uint64_t at = (object * 0x9e3779b97f4a7c15ull ^ interface_id * 0xc2b2ae3d27d4eb4full ^
		       pid * 0x165667b19e3779f9ull) >>
		      (64 - HELD_BITS);

	while (held[at].object != 0 &&
	       (held[at].object != object || held[at].interface_id != interface_id || held[at].pid != pid))
		at = (at + 1) % HELD;
	return &held[at];
}

static void remember(uint64_t object, uint64_t interface_id, uint32_t pid, uint64_t methods, bool own)
{
	struct held *it = find(object, interface_id, pid);

	if (it->object == 0) {
		if (++held_count > HELD / 2)
			watching = false;
		*it = (struct held){.object = object, .interface_id = interface_id, .pid = pid};
	}
	it->methods |= methods;
	it->own |= own;
}

static void remember_view(uint32_t pid, const struct view *view)
{
	uint64_t object = view->object->id;

	for (unsigned i = 0; i < view->count; i++)
		remember(object, view->sets[i].interface_id, pid, view->sets[i].methods, false);
	if (view->kind == VIEW_OBJECT)
		remember(object, 0, pid, 0, true);
	remember(object, 0, 0, 0, false);
}

static bool has_held(uint32_t pid, const struct view *view)
{
	uint64_t object = view->object->id;

	if (view->kind != VIEW_OBJECT && find(object, 0, pid)->own)
		return true;
	for (unsigned i = 0; i < view->count; i++)
		if (view->sets[i].methods & ~find(object, view->sets[i].interface_id, pid)->methods)
			return false;
	return view->kind != VIEW_OBJECT || find(object, 0, pid)->own;
}

void authority_begin(void)
{
	__builtin_memset(held, 0, sizeof(held));
	held_count = fresh_count = 0;
	newest_pid = 0;
	watching = cpu_count == 1;
}

void authority_gift(const struct process *process, const struct view *view)
{
	if (watching)
		remember_view(process->pid, view);
}

void authority_note(const struct process *process, const struct view *view,
		    const struct provenance *provenance)
{
	if (!watching || has_held(process->pid, view))
		return;
	if (fresh_count == FRESH)
		host_die("more than %u new capabilities in one step", FRESH);
	fresh[fresh_count++] = (struct fresh){process, view, *provenance, false};
}

static bool is_explained(const struct fresh *it)
{
	const struct process *process = it->process;

	if (it->provenance.kind == PROVENANCE_BOOT) /* before the first look */
		return process->pid > newest_pid;
	if (find(it->view->object->id, 0, 0)->object == 0)
		return true;
	return has_held(process->pid, it->view) || has_held(it->provenance.giver, it->view) ||
	       (process->pid > newest_pid && process->creator != NULL &&
		has_held(process->creator->pid, it->view));
}

/* One gift may explain another: until nothing more is. */
void authority_settle(void)
{
	bool again = watching;

	while (again) {
		again = false;
		for (unsigned i = 0; i < fresh_count; i++) {
			if (fresh[i].explained || !is_explained(&fresh[i]))
				continue;
			fresh[i].explained = again = true;
		}
		for (unsigned i = 0; i < fresh_count; i++)
			if (fresh[i].explained)
				remember_view(fresh[i].process->pid, fresh[i].view);
	}
	for (unsigned i = 0; i < fresh_count; i++)
		if (watching && !fresh[i].explained)
			host_die(
				"invariant I10: process %u holds %s %llu, key %#llx, and neither it nor process %u (kind %u) had that",
				fresh[i].process->pid, fresh[i].view->object->type->name,
				(unsigned long long)fresh[i].view->object->id,
				(unsigned long long)fresh[i].view->key, fresh[i].provenance.giver,
				fresh[i].provenance.kind);
	fresh_count = 0;
	for (const struct process *it = process_peek(NULL); it != NULL; it = process_peek(it))
		if (it->pid > newest_pid)
			newest_pid = it->pid;
}

#pragma clang attribute pop
