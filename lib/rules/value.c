// SPDX-License-Identifier: MIT OR Apache-2.0
/* Operators: what each makes of a value. */
#include <fmt/fmt.h>

#include "value.h"

static bool is_bytes(const struct rules_value *v)
{
	return v->lists == 0 && (v->kind == REGISTRY_DATA_KIND_TEXT || v->kind == REGISTRY_DATA_KIND_DATA);
}

static bool is_scalar(const struct rules_value *v)
{
	return v->lists == 0 && (rules_is_number(v->kind) || v->kind == REGISTRY_DATA_KIND_ENUM);
}

/* The number of an enumerant; false: there is none of that name. */
static bool enumerant(struct registry *registry, uint64_t enum_id, struct msg_text name, uint64_t *number)
{
	struct registry_data_enum_reader type;

	if (!registry_enum(registry, enum_id, &type))
		return false;

	struct registry_data_enumerant_list_reader list = registry_data_enum_reader_enumerants(type);

	for (uint32_t i = 0; i < registry_data_enumerant_list_reader_count(list); i++) {
		if (!msg_text_equal(registry_data_enumerant_reader_name(
					    registry_data_enumerant_list_reader_at(list, i)),
				    name))
			continue;
		*number = i;
		return true;
	}
	return false;
}

static bool enum_texts_are_known(struct registry *registry, struct attenuator_rule_reader rule,
				 const struct rules_value *v)
{
	struct msg_list texts = attenuator_rule_reader_texts(rule);
	struct msg_text text = attenuator_rule_reader_text(rule);
	uint64_t number;

	if (v->kind != REGISTRY_DATA_KIND_ENUM || v->lists > 0)
		return true;
	for (uint32_t i = 0; i < texts.count; i++)
		if (!enumerant(registry, v->type_id, msg_list_text(texts, i), &number))
			return false;
	return text.len == 0 || enumerant(registry, v->type_id, text, &number);
}

bool rules_value_suits(struct registry *registry, struct attenuator_rule_reader rule,
		       const struct rules_value *v)
{
	switch (attenuator_rule_reader_op(rule)) {
	case ATTENUATOR_OP_WITHIN:
		return v->kind == REGISTRY_DATA_KIND_TEXT && v->lists == 0;
	case ATTENUATOR_OP_PREFIX:
		return is_bytes(v);
	case ATTENUATOR_OP_EQUAL:
	case ATTENUATOR_OP_NOT_EQUAL:
		return is_bytes(v) || (is_scalar(v) && enum_texts_are_known(registry, rule, v));
	case ATTENUATOR_OP_ONE_OF:
		return (is_bytes(v) && v->kind == REGISTRY_DATA_KIND_TEXT) ||
		       (is_scalar(v) && enum_texts_are_known(registry, rule, v));
	case ATTENUATOR_OP_AT_MOST:
	case ATTENUATOR_OP_AT_LEAST:
		return is_bytes(v) || v->lists > 0 ||
		       (rules_is_number(v->kind) && v->kind != REGISTRY_DATA_KIND_BOOL);
	default:
		return false;
	}
}

/* ---- Paths ---- */

static bool component_is_plain(const char *p, uint32_t len)
{
	return len > 0 && !(len == 1 && p[0] == '.') && !(len == 2 && p[0] == '.' && p[1] == '.');
}

/* No component is empty, "." or ".."; one "/" at the beginning is allowed, and "/" alone. */
static bool path_is_plain(const char *p, uint32_t len)
{
	uint32_t start = len > 0 && p[0] == '/' ? 1 : 0;

	if (start == len)
		return true;
	for (uint32_t i = start; i <= len; i++) {
		if (i < len && p[i] != '/')
			continue;
		if (!component_is_plain(p + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

static bool is_within(const char *path, uint32_t len, struct msg_text base)
{
	bool root = base.len > 0 && base.ptr[0] == '/';

	while (base.len > 0 && base.ptr[base.len - 1] == '/')
		base.len--;
	if (!path_is_plain(path, len) || len < base.len || __builtin_memcmp(path, base.ptr, base.len) != 0)
		return false;
	if (base.len == 0) /* "/" or "": everything of that kind */
		return root == (len > 0 && path[0] == '/');
	return len == base.len || path[base.len] == '/';
}

/* ---- Operators ---- */

/* Either of the rule's own values, by the field's type. */
static bool equals(struct registry *registry, const struct rules_value *v, struct msg_text text,
		   struct msg_data data, uint64_t number)
{
	if (v->kind == REGISTRY_DATA_KIND_TEXT)
		return v->len == text.len && __builtin_memcmp(v->bytes, text.ptr, text.len) == 0;
	if (v->kind == REGISTRY_DATA_KIND_DATA)
		return v->len == data.len && __builtin_memcmp(v->bytes, data.ptr, data.len) == 0;
	if (v->kind == REGISTRY_DATA_KIND_ENUM && text.len > 0 &&
	    !enumerant(registry, v->type_id, text, &number))
		return false;
	return v->bits == number;
}

static bool is_one_of(struct registry *registry, struct attenuator_rule_reader rule,
		      const struct rules_value *v)
{
	struct msg_list texts = attenuator_rule_reader_texts(rule),
			numbers = attenuator_rule_reader_numbers(rule);

	if (v->kind == REGISTRY_DATA_KIND_TEXT || v->kind == REGISTRY_DATA_KIND_ENUM)
		for (uint32_t i = 0; i < texts.count; i++)
			if (equals(registry, v, msg_list_text(texts, i), (struct msg_data){}, UINT64_MAX))
				return true;
	if (v->kind != REGISTRY_DATA_KIND_TEXT)
		for (uint32_t i = 0; i < numbers.count; i++)
			if (v->bits == msg_list_u64(numbers, i))
				return true;
	return false;
}

static bool is_less(const struct rules_value *v, uint64_t a, uint64_t b)
{
	return v->lists == 0 && rules_is_signed(v->kind) ? (int64_t)a < (int64_t)b : a < b;
}

static bool begins(const struct rules_value *v, struct attenuator_rule_reader rule)
{
	struct msg_text text = attenuator_rule_reader_text(rule);
	struct msg_data data = attenuator_rule_reader_data(rule);
	const char *prefix = v->kind == REGISTRY_DATA_KIND_TEXT ? text.ptr : (const char *)data.ptr;
	uint32_t len = v->kind == REGISTRY_DATA_KIND_TEXT ? text.len : data.len;

	return v->len >= len && (len == 0 || __builtin_memcmp(v->bytes, prefix, len) == 0);
}

const char *rules_value_refused(struct registry *registry, struct attenuator_rule_reader rule,
				const struct rules_value *v)
{
	uint64_t number = attenuator_rule_reader_number(rule);
	struct msg_text text = attenuator_rule_reader_text(rule);
	struct msg_data data = attenuator_rule_reader_data(rule);

	switch (attenuator_rule_reader_op(rule)) {
	case ATTENUATOR_OP_WITHIN:
		return is_within(v->bytes, v->len, text) ? nullptr : "not within that path";
	case ATTENUATOR_OP_PREFIX:
		return begins(v, rule) ? nullptr : "does not begin so";
	case ATTENUATOR_OP_EQUAL:
		return equals(registry, v, text, data, number) ? nullptr : "not that value";
	case ATTENUATOR_OP_NOT_EQUAL:
		return equals(registry, v, text, data, number) ? "that value" : nullptr;
	case ATTENUATOR_OP_ONE_OF:
		return is_one_of(registry, rule, v) ? nullptr : "none of those values";
	case ATTENUATOR_OP_AT_MOST:
		return is_less(v, number, v->bits) ? "more than that" : nullptr;
	case ATTENUATOR_OP_AT_LEAST:
		return is_less(v, v->bits, number) ? "less than that" : nullptr;
	default:
		return "its operator is not about a field";
	}
}

void rules_value_print(const struct rules_value *v, char *buffer, uint32_t size)
{
	if (v->lists > 0)
		fmt_print(buffer, size, "%llu elements", (unsigned long long)v->bits);
	else if (v->kind == REGISTRY_DATA_KIND_TEXT)
		fmt_print(buffer, size, "%.*s", (int)v->len, v->bytes ? v->bytes : "");
	else if (v->kind == REGISTRY_DATA_KIND_DATA)
		fmt_print(buffer, size, "%u bytes", v->len);
	else if (rules_is_signed(v->kind))
		fmt_print(buffer, size, "%lld", (long long)v->bits);
	else
		fmt_print(buffer, size, "%llu", (unsigned long long)v->bits);
}
