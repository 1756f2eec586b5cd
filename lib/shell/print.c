// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values as text, as they are written; the same folding as lib/registry's printer. */
#include <registry/registry.h>
#include <shell/decode.h>

#define MAX_TEXT 400u
#define MAX_DATA 64u
#define MAX_MEMBERS 64u

static void print(struct registry *registry, const struct text_out *out, const struct shell_value *value,
		  unsigned depth);

static void print_members(struct registry *registry, const struct text_out *out,
			  const struct shell_value *value, unsigned depth)
{
	uint32_t i = 0;

	text_put(out, value->kind == SHELL_LIST ? "[" : "(");
	for (const struct shell_value *m = value->first; m && i < MAX_MEMBERS; m = m->next, i++) {
		text_put(out, i ? ", " : "");
		if (m->name.len > 0) {
			text_put_text(out, (struct msg_text){m->name.ptr, m->name.len});
			text_put(out, " = ");
		}
		print(registry, out, m, depth + 1);
	}
	if (i < value->count)
		text_print(out, ", ... (%u in all)", value->count);
	text_put(out, value->kind == SHELL_LIST ? "]" : ")");
}

static void print_integer(const struct text_out *out, const struct shell_value *v)
{
	if (v->negative && v->magnitude != 0)
		text_print(out, "-%llu", (unsigned long long)v->magnitude);
	else
		text_print(out, v->magnitude >> 56 ? "0x%llx" : "%llu", (unsigned long long)v->magnitude);
}

static void print(struct registry *registry, const struct text_out *out, const struct shell_value *v,
		  unsigned depth)
{
	char buffer[24];

	if (depth >= SHELL_MAX_DEPTH) {
		text_put(out, "...");
		return;
	}
	switch (v->kind) {
	case SHELL_VOID:
		text_put(out, "void");
		break;
	case SHELL_BOOL:
		text_put(out, v->truth ? "true" : "false");
		break;
	case SHELL_INTEGER:
		print_integer(out, v);
		break;
	case SHELL_REAL:
		registry_print_real(out, v->real);
		break;
	case SHELL_TEXT:
		text_put_quoted(out, (struct msg_text){v->word.ptr, v->word.len}, MAX_TEXT);
		break;
	case SHELL_DATA:
		text_put_data(out, (struct msg_data){(const uint8_t *)v->word.ptr, v->word.len}, MAX_DATA);
		break;
	case SHELL_NAME:
	case SHELL_ENUMERANT:
		text_put_text(out, (struct msg_text){v->word.ptr, v->word.len});
		break;
	case SHELL_LIST:
	case SHELL_STRUCT:
		print_members(registry, out, v, depth);
		break;
	case SHELL_CAPABILITY:
		text_put(out, "<");
		if (v->interface_id)
			text_put_text(out, registry_interface_name(registry, v->interface_id, buffer));
		else
			text_put(out, "capability");
		text_put(out, ">");
		break;
	case SHELL_OWN_SPACE:
		text_put(out, "<VirtualMemory of its own>");
		break;
	}
}

void shell_print(struct registry *registry, const struct text_out *out, const struct shell_value *value)
{
	print(registry, out, value, 0);
}
