// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * needs: from what a program called of what it was granted, the smallest requirement record that would have let it run so: the `grants` of
 * a needs.capnp. It knows what that run did, and nothing of what another one would do.
 */
#include <abi/cap.h>
#include <abi/ring.h>
#include <schema/kernel/virtual_memory.capnp.h>

#include "view.h"

void traced_grants(struct traced *t, const struct shell_run *run)
{
	t->grant_count = run->grant_count;
	for (uint32_t i = 0; i < run->grant_count; i++) {
		const struct shell_grant *from = &run->grants[i];
		struct traced_grant *g = &t->grants[i];
		uint32_t len = from->name.len < SHELL_MAX_NAME ? from->name.len : SHELL_MAX_NAME;

		__builtin_memcpy(g->name, from->name.ptr, len);
		g->name[len] = '\0';
		g->interface_id = from->own_space ? VIRTUAL_MEMORY_INTERFACE_ID : from->interface_id;
	}
}

void traced_note(struct traced *t, const struct capture_record *record)
{
	uint32_t slot = cap_id_slot((cap_id){record->target});

	if (record->kind != CAPTURE_CALL)
		return;
	t->passed_on |= record->caps > 0;
	if ((record->flags & CAP_SQE_TARGET_IS_ANSWER) || slot == 0 || slot > t->grant_count ||
	    record->target != cap_id_make(slot, 1).raw)
		return;

	struct traced_grant *g = &t->grants[slot - 1];

	g->called = true;
	if (record->interface_id == g->interface_id && record->method < 64)
		g->methods |= 1ull << record->method;
}

/* "sleep, now" */
static void put_methods(const struct traced_grant *g)
{
	const char *separator = "";
	char name[80];

	for (uint64_t left = g->methods; left; left &= left - 1) {
		uint32_t len = trace_method_name(g->interface_id, (uint16_t)__builtin_ctzll(left), name),
			 at = len;

		while (at > 0 && name[at - 1] != '.')
			at--;
		text_put(&out, separator);
		text_put_text(&out, (struct msg_text){name + at, len - at});
		separator = ", ";
	}
}

static void put_grant(const struct traced_grant *g)
{
	char buffer[24];

	text_print(&out, "    (name = \"%s\", interface = \"", g->name);
	text_put_text(&out, registry_interface_name(&registry, g->interface_id, buffer));
	text_put(&out, "\", why = \"");
	put_methods(g);
	text_put(&out, "\"),\n");
}

static void put_others(const struct traced *t)
{
	const char *separator = "  # not called: ";

	for (uint32_t i = 0; i < t->grant_count; i++) {
		if (t->grants[i].called)
			continue;
		text_print(&out, "%s%s", separator, t->grants[i].name);
		separator = ", ";
	}
	if (*separator == ',')
		text_put(&out, "\n");
}

bool view_needs(const struct shell_word *words, uint32_t count)
{
	const struct traced *t;

	if (count != 2)
		return shell_fail(&shell, "", "needs NAME: of which program? \"trace\" lists them");
	t = traced_find(words[1]);
	if (!t)
		return false;
	text_put(&out, "  grants = [\n");
	for (uint32_t i = 0; i < t->grant_count; i++)
		if (t->grants[i].called)
			put_grant(&t->grants[i]);
	text_put(&out, "  ],\n");
	put_others(t);
	if (t->passed_on)
		text_put(
			&out,
			"  # some calls had capabilities with them: what was only passed on counts as not called\n");
	if (t->source.lost)
		text_print(&out, "  # %llu records came faster than they were read: there may be more\n",
			   (unsigned long long)t->source.lost);
	return true;
}
