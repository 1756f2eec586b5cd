// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * watch NAME/PATH [N]: what changes in a directory, a line for each change, until Ctrl-C (or N lines).
 *
 * The directory says only that something has changed. What, is seen by listing it before and after; changes that came and went in
 * between are not, and only the first MAX_NAMES names are looked at.
 */
#include <file_client/file_client.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <schema/kernel/capability_manager.capnp.h>

#include "files.h"

#define MAX_NAMES 256u
#define PIECE 12u

struct snapshot {
	struct file_client_entry entries[MAX_NAMES]; /* in the order of their names */
	uint32_t count;
	bool more;
};

static bool take(cap_id dir, struct snapshot *s)
{
	struct msg_text after = {};
	enum file_outcome outcome = 0;
	uint32_t got;

	s->count = 0;
	s->more = true;
	while (s->more && s->count < MAX_NAMES) {
		uint32_t room = MAX_NAMES - s->count;
		struct file_client_entry *to = &s->entries[s->count];

		if (!settle(file_client_list(runtime_transport(), dir, (struct msg_text){}, after, to,
					     room < PIECE ? room : PIECE, &outcome, &got, &s->more),
			    outcome))
			return false;
		if (got == 0)
			break;
		s->count += got;
		after = (struct msg_text){to[got - 1].name, to[got - 1].name_len};
	}
	return true;
}

static int order(const struct file_client_entry *a, const struct file_client_entry *b)
{
	uint32_t least = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = __builtin_memcmp(a->name, b->name, least);

	return order ? order : (int)a->name_len - (int)b->name_len;
}

static void say(const char *what, const struct file_client_entry *entry, bool size)
{
	bool directory = entry->stat.kind == FILE_KIND_DIRECTORY;

	text_print(&out, "  %s ", what);
	text_put_text(&out, (struct msg_text){entry->name, entry->name_len});
	text_put(&out, directory ? "/" : "");
	if (size && !directory)
		text_print(&out, "  %llu bytes", (unsigned long long)entry->stat.size);
	text_put(&out, "\n");
}

/* Gives how many lines. */
static uint32_t show_changes(const struct snapshot *before, const struct snapshot *now, uint32_t most)
{
	uint32_t lines = 0, a = 0, b = 0;

	while ((a < before->count || b < now->count) && lines < most) {
		int o = a == before->count ? 1
			: b == now->count  ? -1
					   : order(&before->entries[a], &now->entries[b]);
		const struct file_client_entry *old = &before->entries[a], *new = &now->entries[b];

		a += o <= 0;
		b += o >= 0;
		if (o != 0)
			say(o < 0 ? "-" : "+", o < 0 ? old : new, o > 0);
		else if (old->stat.version != new->stat.version)
			say("~", new, true);
		else
			continue;
		lines++;
	}
	return lines;
}

/* ---- Waiting: for the notification, or Ctrl-C ---- */

static struct bell {
	struct ring_op op;
	uint64_t posted; /* the WAIT's sequence number */
	bool done;
	enum status status;
} wait;

static void rang(struct ring_op *op, const struct cap_cqe *cqe)
{
	(void)op;
	wait.done = true;
	wait.status = (enum status)cqe->status;
}

/* False: Ctrl-C, or wait.status says why. */
static bool wait_for(cap_id bell)
{
	struct ring_client *ring = runtime_ring();

	wait = (struct bell){.op.complete = rang};
	wait.posted = ring_submit(ring, &(struct cap_sqe){.op = CAP_OP_WAIT, .target = bell.raw}, &wait.op);
	terminal_flush();
	while (!wait.done && !terminal_interrupted())
		ring_wait(ring, 0);
	if (!wait.done)
		ring_submit(
			ring,
			&(struct cap_sqe){.op = CAP_OP_CANCEL, .flags = CAP_SQE_QUIET, .target = wait.posted},
			nullptr);
	while (!wait.done)
		ring_wait(ring, 0);
	return wait.status == STATUS_OK;
}

static bool follow(cap_id dir, cap_id bell, uint32_t most)
{
	static struct snapshot snapshots[2];
	uint32_t at = 0;

	if (!take(dir, &snapshots[0]))
		return false;
	if (snapshots[0].more)
		text_print(&out, "  (only the first %u names)\n", MAX_NAMES);
	while (most > 0 && !terminal_interrupted()) {
		if (!wait_for(bell))
			return wait.status == STATUS_CANCELLED ||
			       shell_fail_status(&shell, "waiting", wait.status);
		if (!take(dir, &snapshots[1 - at]))
			return false;
		most -= show_changes(&snapshots[at], &snapshots[1 - at], most);
		at = 1 - at;
	}
	return true;
}

static bool number(struct shell_word word, uint32_t *n)
{
	*n = 0;
	for (uint32_t i = 0; i < word.len && *n < 100'000'000; i++) {
		if (word.ptr[i] < '0' || word.ptr[i] > '9')
			return false;
		*n = *n * 10 + (uint32_t)(word.ptr[i] - '0');
	}
	return *n > 0;
}

bool command_watch(const struct shell_word *words, uint32_t count)
{
	enum file_outcome outcome = 0;
	cap_id manager, view = {}, bell = {};
	uint32_t most = UINT32_MAX;
	struct place place;
	enum status status;
	bool good;

	if (count < 2 || count > 3 || (count == 3 && !number(words[2], &most)))
		return shell_fail_at(&shell, words[0].at,
				     "watch NAME/PATH [N]: what changes in a directory, until Ctrl-C or N "
				     "lines");
	if (!place_of(words[1], &place))
		return false;
	if (place.interface_id != DIRECTORY_INTERFACE_ID)
		return shell_fail_at(&shell, words[1].at, "this wants a path below a Directory");
	if (!names_need("capabilityManager", CAPABILITY_MANAGER_INTERFACE_ID, &manager))
		return false;
	/* A view of its own: there is one watch for each. */
	if (!settle(directory_view(runtime_transport(), place.cap, place.path, &outcome, &view), outcome))
		return false;
	status = capability_manager_create_notification(runtime_transport(), manager, &bell);
	good = status == STATUS_OK
		       ? settle(directory_watch(runtime_transport(), view, bell, &outcome), outcome)
		       : shell_fail_status(&shell, "a notification", status);
	if (good) {
		page_never();
		good = follow(view, bell, most);
	}
	ring_release(runtime_ring(), view);
	ring_release(runtime_ring(), bell);
	return good;
}
