// SPDX-License-Identifier: MIT OR Apache-2.0
/* Values against operators. */
#pragma once

#include "private.h"

/* Does the operator make sense for the field's type, and the rule's own value with it? */
bool rules_value_suits(struct registry *registry, struct attenuator_rule_reader rule,
		       const struct rules_value *value);
/* Null: the value is within the rule; otherwise why not (a constant). */
const char *rules_value_refused(struct registry *registry, struct attenuator_rule_reader rule,
				const struct rules_value *value);
void rules_value_print(const struct rules_value *value, char *buffer, uint32_t size);
