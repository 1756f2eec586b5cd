// SPDX-License-Identifier: MIT OR Apache-2.0
/* Rules as a whole: which can be, which methods they leave, and counting. Values are value.c's business. */
#include "private.h"
#include "value.h"

typedef struct attenuator_rule_reader rule_reader;

/* Readers of the rules' message; a fresh budget each time. */
static struct attenuator_rule_list_reader open_rules(const struct rules *rules, struct msg_reader *reader)
{
	msg_reader_init(reader, rules->message, rules->bytes);
	msg_reader_set_limits(reader, UINT32_MAX, MSG_NESTING);
	return attenuator_where_params_reader_rules(attenuator_where_params_reader_root(reader));
}

static bool has_field(enum attenuator_op op)
{
	return op <= ATTENUATOR_OP_AT_LEAST;
}

/* A method's name and parameters; false: the interface or the method is not known. */
static bool find_method(struct registry *registry, uint64_t interface_id, unsigned ordinal,
			struct registry_data_method_reader *method)
{
	struct registry_data_interface_reader interface;

	if (!registry_interface(registry, interface_id, &interface))
		return false;

	struct registry_data_method_list_reader methods = registry_data_interface_reader_methods(interface);

	if (ordinal >= registry_data_method_list_reader_count(methods))
		return false;
	*method = registry_data_method_list_reader_at(methods, ordinal);
	return true;
}

static bool is_about(rule_reader rule, struct registry_data_method_reader method)
{
	struct msg_text name = attenuator_rule_reader_method(rule);

	return name.len == 0 || msg_text_equal(name, registry_data_method_reader_name(method));
}

static bool is_allowed(struct attenuator_rule_list_reader list, struct registry_data_method_reader method)
{
	for (uint32_t i = 0; i < attenuator_rule_list_reader_count(list); i++) {
		rule_reader rule = attenuator_rule_list_reader_at(list, i);

		if (attenuator_rule_reader_op(rule) == ATTENUATOR_OP_ALLOW && is_about(rule, method))
			return true;
	}
	return false;
}

static bool refuse(struct rules_refusal *refusal, uint32_t index, rule_reader rule, const char *why)
{
	refusal->rule = index;
	refusal->op = attenuator_rule_reader_op(rule);
	refusal->why = why;
	refusal->field = attenuator_rule_reader_field(rule);
	return false;
}

/* What can be said of a rule by itself. */
static bool check_shape(uint32_t index, rule_reader rule, struct rules_refusal *refusal)
{
	enum attenuator_op op = attenuator_rule_reader_op(rule);
	bool method = attenuator_rule_reader_method(rule).len > 0;
	uint64_t number = attenuator_rule_reader_number(rule);

	if (op > ATTENUATOR_OP_ALLOW)
		return refuse(refusal, index, rule, "its operator is none");
	if (has_field(op) != (attenuator_rule_reader_field(rule).len > 0))
		return refuse(refusal, index, rule,
			      has_field(op) ? "its operator wants a field"
					    : "its operator is not about a field");
	if (op == ATTENUATOR_OP_ALLOW && !method)
		return refuse(refusal, index, rule, "allow wants a method");
	if (op == ATTENUATOR_OP_EXPIRES && method)
		return refuse(refusal, index, rule, "expires is about all methods");
	if (op == ATTENUATOR_OP_RATE &&
	    (number == 0 || number > RULES_MAX_RATE || attenuator_rule_reader_per_ns(rule) == 0))
		return refuse(refusal, index, rule, "a rate is 1 to 32 calls in some time");
	return true;
}

enum fit { FITS, LACKS_FIELD, WRONG_TYPE };

static enum fit fit(const struct rules *rules, rule_reader rule, struct registry_data_method_reader method)
{
	struct rules_value value;

	if (!has_field(attenuator_rule_reader_op(rule)))
		return FITS;
	if (!rules_field(rules->registry, registry_data_method_reader_params(method),
			 attenuator_rule_reader_field(rule), nullptr, &value))
		return LACKS_FIELD;
	return rules_value_suits(rules->registry, rule, &value) ? FITS : WRONG_TYPE;
}

/* The methods of one set that may stay. Those that the registry does not know may not. */
static uint64_t narrow_set(const struct rules *rules, struct attenuator_rule_list_reader list,
			   const struct rules_set *set)
{
	struct registry_data_method_reader method;
	uint64_t kept = 0;

	for (unsigned m = 0; m < 64; m++) {
		if (!(set->methods >> m & 1) || !find_method(rules->registry, set->interface_id, m, &method))
			continue;

		bool keep = true;

		for (uint32_t i = 0; i < rules->count && keep; i++) {
			rule_reader rule = attenuator_rule_list_reader_at(list, i);

			keep = !is_about(rule, method) || fit(rules, rule, method) == FITS ||
			       (attenuator_rule_reader_method(rule).len == 0 && is_allowed(list, method));
		}
		kept |= (uint64_t)keep << m;
	}
	return kept;
}

bool rules_narrow(const struct rules *rules, struct rules_set *sets, uint32_t count)
{
	struct msg_reader reader;
	struct attenuator_rule_list_reader list = open_rules(rules, &reader);
	uint64_t any = 0;

	for (uint32_t i = 0; i < count; i++)
		any |= sets[i].methods = narrow_set(rules, list, &sets[i]);
	return any != 0;
}

/* A rule that names a method must fit it; one that names none must fit somewhere, and nowhere be of a wrong type. */
static bool check_rule(const struct rules *rules, uint32_t index, rule_reader rule,
		       const struct rules_set *sets, uint32_t count, struct rules_refusal *refusal)
{
	struct registry_data_method_reader method;
	bool named = attenuator_rule_reader_method(rule).len > 0, fits = false;

	if (!check_shape(index, rule, refusal))
		return false;
	for (uint32_t s = 0; s < count; s++) {
		for (unsigned m = 0; m < 64; m++) {
			if (!(sets[s].methods >> m & 1) ||
			    !find_method(rules->registry, sets[s].interface_id, m, &method) ||
			    !is_about(rule, method))
				continue;

			enum fit f = fit(rules, rule, method);

			if (f == WRONG_TYPE)
				return refuse(refusal, index, rule,
					      "its operator does not suit the field's type");
			if (f == LACKS_FIELD && named)
				return refuse(refusal, index, rule, "the method has no such field");
			fits |= f == FITS;
		}
	}
	return fits ||
	       refuse(refusal, index, rule, named ? "there is no such method" : "no method has such a field");
}

bool rules_open(struct rules *rules, struct registry *registry, const void *message, uint32_t bytes,
		struct rules_set *sets, uint32_t count, struct rules_refusal *refusal)
{
	struct msg_reader reader;

	*rules = (struct rules){.registry = registry, .message = message, .bytes = bytes};
	*refusal = (struct rules_refusal){.why = "1 to 8 rules"};

	struct attenuator_rule_list_reader list = open_rules(rules, &reader);

	rules->count = attenuator_rule_list_reader_count(list);
	if (rules->count == 0 || rules->count > RULES_MAX)
		return false;
	for (uint32_t i = 0; i < rules->count; i++)
		if (!check_rule(rules, i, attenuator_rule_list_reader_at(list, i), sets, count, refusal))
			return false;
	if (!rules_narrow(rules, sets, count)) {
		refusal->why = "no method is left";
		return false;
	}
	return msg_reader_ok(&reader);
}

/* ---- One call ---- */

static bool check_one(const struct rules *rules, uint32_t index, rule_reader rule,
		      struct registry_data_method_reader method, struct msg_struct params,
		      struct rules_refusal *refusal)
{
	struct rules_value value;

	if (!has_field(attenuator_rule_reader_op(rule)) || !is_about(rule, method))
		return true;
	if (!rules_field(rules->registry, registry_data_method_reader_params(method),
			 attenuator_rule_reader_field(rule), &params, &value))
		return true; /* only `allow` lets such a method stay */
	if (!msg_ok(params.msg))
		return refuse(refusal, index, rule, "the message is malformed");
	if (!value.given)
		return refuse(refusal, index, rule, "it is not given");

	const char *why = rules_value_refused(rules->registry, rule, &value);

	if (!why)
		return true;
	rules_value_print(&value, refusal->value, sizeof(refusal->value));
	return refuse(refusal, index, rule, why);
}

bool rules_check(const struct rules *rules, uint64_t interface_id, uint16_t ordinal, const void *params,
		 uint32_t bytes, struct rules_refusal *refusal)
{
	struct registry_data_method_reader method;
	struct msg_reader reader, message;

	*refusal = (struct rules_refusal){.why = "the method is unknown"};
	if (!find_method(rules->registry, interface_id, ordinal, &method))
		return false;

	struct attenuator_rule_list_reader list = open_rules(rules, &reader);

	msg_reader_init(&message, params, bytes);

	struct msg_struct root = msg_reader_root(&message);

	for (uint32_t i = 0; i < rules->count; i++)
		if (!check_one(rules, i, attenuator_rule_list_reader_at(list, i), method, root, refusal))
			return false;
	return true;
}

static bool has_room(const struct rules_counter *counter, rule_reader rule, uint64_t now_ns)
{
	uint64_t number = attenuator_rule_reader_number(rule), per = attenuator_rule_reader_per_ns(rule);
	uint32_t recent = 0;

	if (attenuator_rule_reader_op(rule) == ATTENUATOR_OP_USES)
		return counter->uses < number;
	for (uint32_t i = 0; i < counter->recent; i++)
		recent += now_ns - counter->at_ns[i] < per;
	return recent < number;
}

static void use(struct rules_counter *counter, uint64_t now_ns)
{
	counter->uses++;
	if (counter->recent == RULES_MAX_RATE) {
		for (uint32_t i = 1; i < RULES_MAX_RATE; i++)
			counter->at_ns[i - 1] = counter->at_ns[i];
		counter->recent--;
	}
	counter->at_ns[counter->recent++] = now_ns;
}

bool rules_take(struct rules *rules, uint64_t interface_id, uint16_t ordinal, uint64_t now_ns,
		struct rules_refusal *refusal)
{
	struct registry_data_method_reader method;
	struct msg_reader reader;
	struct attenuator_rule_list_reader list = open_rules(rules, &reader);
	uint32_t counts = 0;

	*refusal = (struct rules_refusal){.why = "the method is unknown"};
	if (!find_method(rules->registry, interface_id, ordinal, &method))
		return false;
	for (uint32_t i = 0; i < rules->count; i++) {
		rule_reader rule = attenuator_rule_list_reader_at(list, i);
		enum attenuator_op op = attenuator_rule_reader_op(rule);

		if ((op != ATTENUATOR_OP_USES && op != ATTENUATOR_OP_RATE) || !is_about(rule, method))
			continue;
		if (!has_room(&rules->counters[i], rule, now_ns))
			return refuse(refusal, i, rule,
				      op == ATTENUATOR_OP_USES ? "its uses are used up"
							       : "too many calls in that time");
		counts |= 1u << i;
	}
	for (uint32_t i = 0; i < rules->count; i++)
		if (counts >> i & 1)
			use(&rules->counters[i], now_ns);
	return true;
}

uint64_t rules_expiry(const struct rules *rules)
{
	struct msg_reader reader;
	struct attenuator_rule_list_reader list = open_rules(rules, &reader);
	uint64_t first = 0;

	for (uint32_t i = 0; i < rules->count; i++) {
		rule_reader rule = attenuator_rule_list_reader_at(list, i);
		uint64_t at = attenuator_rule_reader_number(rule);

		if (attenuator_rule_reader_op(rule) == ATTENUATOR_OP_EXPIRES && (first == 0 || at < first))
			first = at ? at : 1;
	}
	return first;
}

bool rules_is_idempotent(struct registry *registry, uint64_t interface_id, uint16_t ordinal)
{
	struct registry_data_method_reader method;

	return find_method(registry, interface_id, ordinal, &method) &&
	       registry_data_method_reader_idempotent(method);
}
