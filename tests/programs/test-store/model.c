// SPDX-License-Identifier: MIT OR Apache-2.0
/* The reference model (lib/store_model) against the service. */
#include <store_model/store_model.h>

#include "store.h"

enum { STEPS = 1500 };

static struct store_model model;
static cap_id held[STORE_MODEL_BLOBS];
static cap_id old; /* the names as they were in old_generation */
static uint64_t old_generation;

static struct msg_text text_of(struct files_text text)
{
	return (struct msg_text){text.ptr, text.len};
}

/* A call that fails differs from whatever the model expects. */
static enum files_outcome result(unsigned outcome)
{
	return outcome < FAILED ? (enum files_outcome)outcome : FILES_DAMAGED;
}

static enum files_outcome stream(const struct store_model_put *put, uint8_t *id, cap_id *blob)
{
	enum file_outcome outcome = 0;
	cap_id writer = {};
	uint64_t size;
	bool good = store_begin(w.t, w.store, &outcome, &writer) == STATUS_OK && outcome == DONE;

	for (uint32_t at = 0; at < put->count && good; at += put->piece) {
		uint32_t count = put->count - at < put->piece ? put->count - at : put->piece;

		good = blob_writer_append(w.t, writer, (struct msg_data){put->bytes + at, count}, &outcome,
					  &size) == STATUS_OK &&
		       outcome == DONE && size == at + count;
	}
	if (good && !put->abandon)
		outcome = (enum file_outcome)finish(writer, put->links, put->link_count, put->expected, id,
						    blob);
	ring_release(w.ring, writer);
	return good ? result(outcome) : FILES_DAMAGED;
}

static enum files_outcome model_put(void *context, const struct store_model_put *p, uint8_t id[BLOB_ID])
{
	bool holds = p->holder < STORE_MODEL_BLOBS;
	cap_id blob = {};
	enum files_outcome outcome = p->piece ? stream(p, id, &blob)
					      : result(put(p->bytes, p->count, p->expected, id,
							   holds ? &blob : nullptr));

	(void)context;
	if (holds)
		held[p->holder] = blob;
	else
		ring_release(w.ring, blob);
	return outcome;
}

static void model_drop(void *context, uint32_t holder)
{
	(void)context;
	drop(held[holder]);
}

static enum files_outcome model_get(void *context, const uint8_t *id, uint64_t offset, void *to,
				    uint32_t count, uint32_t *got)
{
	uint64_t size;

	(void)context;
	return result(get(id, offset, to, count, got, &size));
}

static void model_collect(void *context, uint64_t *blobs, uint64_t *bytes)
{
	(void)context;
	ring_flush(w.ring); /* what was released is */
	(void)!store_collect(w.t, w.store, blobs, bytes);
}

static void model_statistics(void *context, uint64_t *blobs, uint64_t *bytes, uint64_t *bound)
{
	uint64_t stored, limit, puts, duplicates;
	uint32_t open;

	(void)context;
	(void)!store_statistics(w.t, w.store, blobs, bytes, &stored, &limit, &open, bound, &puts,
				&duplicates);
}

/* As four letters. */
static void write_value(uint64_t value, char text[8])
{
	for (int i = 0; i < 4; i++, value /= 10)
		text[3 - i] = (char)('0' + value % 10);
	text[4] = 0;
}

static uint64_t read_value(const char *text)
{
	uint64_t value = 0;

	while (*text)
		value = value * 10 + (uint64_t)(*text++ - '0');
	return value;
}

static enum files_outcome model_update(void *context, const struct store_model_change *changes,
				       uint32_t count, uint64_t expected, uint32_t *index)
{
	struct bind binds[4] = {};
	char values[4][8];
	uint64_t generation;

	(void)context;
	for (uint32_t i = 0; i < count; i++) {
		const struct store_model_binding *b = &changes[i].binding;

		write_value(b->value, values[i]);
		binds[i] = (struct bind){.name = changes[i].name,
					 .kind = b->kind == NAMES_BLOB    ? BIND_BLOB
						 : b->kind == NAMES_VALUE ? BIND_VALUE
									  : BIND_NONE,
					 .id = b->id,
					 .value = values[i],
					 .check = (enum namespace_check)changes[i].check,
					 .version = changes[i].version};
	}
	return result(update(w.names, binds, count, expected, &generation, index));
}

static enum files_outcome model_rollback(void *context, struct files_text prefix, uint64_t number)
{
	enum file_outcome outcome = 0;
	cap_id names = w.names;
	uint64_t made;
	bool good = true;

	(void)context;
	if (prefix.len)
		good = namespace_sub(w.t, w.names, text_of(prefix), true, true, true, &outcome, &names) ==
			       STATUS_OK &&
		       outcome == DONE;
	good = good && namespace_rollback(w.t, names, number, &outcome, &made) == STATUS_OK;
	if (prefix.len)
		ring_release(w.ring, names);
	return good ? result(outcome) : FILES_DAMAGED;
}

static void model_generations(void *context, uint64_t *present, uint64_t *oldest)
{
	(void)context;
	(void)!namespace_generation(w.t, w.names, present, oldest);
}

static cap_id names_then(uint64_t generation)
{
	enum file_outcome outcome;

	if (generation != old_generation || !old.raw) {
		ring_release(w.ring, old);
		old = (cap_id){};
		(void)!namespace_at(w.t, w.names, generation, &outcome, &old);
		old_generation = generation;
	}
	return old;
}

static enum files_outcome model_look(void *context, uint64_t generation, struct files_text name,
				     struct store_model_binding *binding)
{
	char copy[STORE_MODEL_NAME] = {}, value[64];
	cap_id space = {};
	unsigned kind;

	(void)context;
	__builtin_memcpy(copy, name.ptr, name.len);
	kind = look(names_then(generation), copy, value, binding->id, &space, &binding->version);
	if (kind >= FAILED)
		return kind == FAILED ? FILES_DAMAGED : (enum files_outcome)(kind - FAILED);
	binding->kind = kind == NAMESPACE_BINDING_WHICH_BLOB ? NAMES_BLOB : NAMES_VALUE;
	if (binding->kind == NAMES_VALUE)
		binding->value = read_value(value);
	return FILES_DONE;
}

static enum files_outcome model_next(void *context, uint64_t generation, struct files_text prefix,
				     struct files_text after, char *name, uint32_t *len)
{
	struct namespace_list_results_reader results;
	struct namespace_list_params_builder p;
	struct namespace_entry_list_reader entries;
	enum files_outcome outcome = FILES_DAMAGED;
	uint32_t skip = prefix.len ? prefix.len + 1 : 0;
	char behind[64] = {};
	struct rpc_call call;

	(void)context;
	__builtin_memcpy(behind, prefix.ptr, prefix.len);
	behind[prefix.len] = '/';
	__builtin_memcpy(behind + skip, after.ptr, after.len);
	p = namespace_list_begin(&call, w.t, names_then(generation));
	namespace_list_params_builder_set_under(p, text_of(prefix));
	if (after.len)
		namespace_list_params_builder_set_after(p, (struct msg_text){behind, skip + after.len});
	namespace_list_params_builder_set_max(p, 1);
	if (namespace_list_call(&call, &results) == STATUS_OK) {
		outcome = result(namespace_list_results_reader_outcome(results));
		entries = namespace_list_results_reader_entries(results);
		if (namespace_entry_list_reader_count(entries)) {
			struct msg_text found = namespace_entry_reader_name(
				namespace_entry_list_reader_at(entries, 0));

			*len = found.len - skip;
			__builtin_memcpy(name, found.ptr + skip, *len);
		}
	}
	rpc_end(&call);
	return outcome;
}

void test_model(uint64_t seed)
{
	static const struct store_model_subject subject = {
		.put = model_put,
		.drop = model_drop,
		.get = model_get,
		.collect = model_collect,
		.statistics = model_statistics,
		.update = model_update,
		.rollback = model_rollback,
		.generations = model_generations,
		.look = model_look,
		.next = model_next,
	};
	bool good = true;

	store_model_init(&model, &subject, seed);
	for (int i = 0; i < STEPS && good; i++)
		good = store_model_step(&model);
	good = good && store_model_compare(&model) && store_model_clear(&model);
	/* Until history has forgotten it. */
	for (int i = 0; i < 64 && good; i++)
		good = update(w.names,
			      &(struct bind){
				      .name = "v", .kind = i % 2 ? BIND_NONE : BIND_VALUE, .value = ""},
			      1, 0, &(uint64_t){0}, &(uint32_t){0}) == DONE;
	drop(old);
	old = (cap_id){};
	(void)collect();
	if (model.wrong)
		tap_note("%s differs", model.wrong);
	tap_ok(good, "%u random operations do what the model does", STEPS);
}
