// SPDX-License-Identifier: MIT OR Apache-2.0
/* The methods of Namespace. */
#include "store.h"

static_assert((int)NAMES_BLOB == NAMESPACE_KIND_BLOB && (int)NAMES_VALUE == NAMESPACE_KIND_VALUE &&
	      (int)NAMES_SPACE == NAMESPACE_KIND_NAMESPACE);
static_assert((int)NAMES_ABSENT == NAMESPACE_CHECK_ABSENT && (int)NAMES_VERSION == NAMESPACE_CHECK_VERSION);

static struct files_text text_of(struct msg_text text)
{
	return (struct files_text){text.ptr, text.len};
}

static bool may(const struct handle *h, uint8_t rights)
{
	return h->kind == HANDLE_SPACE && (h->rights & rights) == rights;
}

/* The generation that the handle shows. Null: denied, or no longer kept. */
static const struct names_generation *generation_of(const struct handle *h, uint8_t rights,
						    enum files_outcome *outcome)
{
	const struct names_generation *g = nullptr;

	*outcome = FILES_DENIED;
	if (!may(h, rights))
		return nullptr;
	g = h->generation ? names_at(&st.names, h->generation) : names_present(&st.names);
	*outcome = g ? FILES_DONE : FILES_STALE;
	return g;
}

/* ---- Looking ---- */

static enum status lookup(void *self, struct rpc_request *request,
			  struct namespace_lookup_params_reader params,
			  struct namespace_lookup_results_builder results)
{
	struct files_text name = text_of(namespace_lookup_params_reader_name(params));
	const struct names_entry *entry = nullptr;
	enum files_outcome outcome;
	const struct names_generation *g = generation_of(self, RIGHT_READ, &outcome);

	if (g && !names_ok(name))
		outcome = FILES_BAD_NAME;
	else if (g && !(entry = names_lookup(&st.names, g->root, prefix_of(self), name)))
		outcome = FILES_NOT_FOUND;
	if (entry)
		outcome = binding_build(request, namespace_lookup_results_builder_init_binding(results),
					entry);
	namespace_lookup_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

#define ENTRY_WORDS (NAMESPACE_ENTRY_DATA_WORDS + NAMESPACE_ENTRY_POINTERS)
#define DIFFERENCE_WORDS (NAMESPACE_DIFFERENCE_DATA_WORDS + NAMESPACE_DIFFERENCE_POINTERS)

/* Prefix of handle and path of the call, joined in a buffer of the caller's. False: too long, or not a name. */
static bool join(const struct handle *h, struct files_text under, char *buffer, struct files_text *joined)
{
	uint32_t slash = h->prefix_len && under.len;

	if ((under.len && !names_ok(under)) || h->prefix_len + slash + under.len > NAMES_MAX_NAME)
		return false;
	__builtin_memcpy(buffer, h->prefix, h->prefix_len);
	if (slash)
		buffer[h->prefix_len] = '/';
	__builtin_memcpy(buffer + h->prefix_len + slash, under.ptr, under.len);
	*joined = (struct files_text){buffer, h->prefix_len + slash + under.len};
	return true;
}

static void build_list(const struct handle *h, struct rpc_request *request,
		       struct namespace_list_results_builder results, const struct names_node *root,
		       struct files_text prefix, struct files_text after, uint32_t max)
{
	uint32_t room = request->results.capacity - request->results.words, count = 0;
	const struct names_entry *first = names_next(&st.names, root, prefix, after), *entry = first;

	for (room = room > 0 ? room - 1 : 0; entry && count < max; count++) {
		uint32_t words = ENTRY_WORDS + (names_relative(entry, prefix_of(h)).len + 8) / 8;

		if (words > room)
			break;
		room -= words;
		entry = names_next(&st.names, root, prefix, names_relative(entry, prefix));
	}
	namespace_list_results_builder_set_more(results, entry != nullptr);

	struct namespace_entry_list_builder list = namespace_list_results_builder_init_entries(results,
											       count);

	entry = first;
	for (uint32_t i = 0; i < count; i++) {
		struct namespace_entry_builder b = namespace_entry_list_builder_at(list, i);
		struct files_text name = names_relative(entry, prefix_of(h));

		namespace_entry_builder_set_name(b, (struct msg_text){name.ptr, name.len});
		namespace_entry_builder_set_kind(b, binding_kind(entry));
		namespace_entry_builder_set_version(b, entry->binding.version);
		namespace_entry_builder_set_size(b, entry->binding.kind == NAMES_BLOB
							    ? entry->binding.blob->bytes.size
						    : entry->binding.kind == NAMES_VALUE ? entry->binding.len
											 : 0);
		entry = names_next(&st.names, root, prefix, names_relative(entry, prefix));
	}
}

/* `after` is relative to the namespace, as the names are: here, to what is listed. */
static struct files_text below_under(struct files_text after, struct files_text under)
{
	if (under.len && after.len > under.len && after.ptr[under.len] == '/' &&
	    __builtin_memcmp(after.ptr, under.ptr, under.len) == 0)
		return (struct files_text){after.ptr + under.len + 1, after.len - under.len - 1};
	return after;
}

static enum status list(void *self, struct rpc_request *request, struct namespace_list_params_reader params,
			struct namespace_list_results_builder results)
{
	struct files_text under = text_of(namespace_list_params_reader_under(params)), prefix;
	char buffer[NAMES_MAX_NAME];
	enum files_outcome outcome;
	const struct names_generation *g = generation_of(self, RIGHT_READ, &outcome);

	if (g && !join(self, under, buffer, &prefix))
		outcome = FILES_BAD_NAME;
	namespace_list_results_builder_set_outcome(results, out(outcome));
	if (outcome == FILES_DONE)
		build_list(self, request, results, g->root, prefix,
			   below_under(text_of(namespace_list_params_reader_after(params)), under),
			   namespace_list_params_reader_max(params));
	return STATUS_OK;
}

/* ---- Changing ---- */

static enum files_outcome read_changes(const struct handle *h, struct rpc_request *request,
				       struct namespace_change_list_reader list, struct names_change *changes,
				       uint32_t count, uint32_t *index)
{
	for (uint32_t i = 0; i < count; i++) {
		struct namespace_change_reader c = namespace_change_list_reader_at(list, i);
		enum files_outcome outcome = binding_read(request, namespace_change_reader_binding(c),
							  &changes[i].binding);

		*index = i;
		if (outcome != FILES_DONE)
			return outcome;
		changes[i].prefix = prefix_of(h);
		changes[i].name = text_of(namespace_change_reader_name(c));
		changes[i].check = (enum names_check)namespace_change_reader_check(c);
		changes[i].version = namespace_change_reader_version(c);
	}
	return FILES_DONE;
}

static enum status update(void *self, struct rpc_request *request,
			  struct namespace_update_params_reader params,
			  struct namespace_update_results_builder results)
{
	struct namespace_change_list_reader list = namespace_update_params_reader_changes(params);
	uint32_t count = namespace_change_list_reader_count(list), index = 0;
	struct names_change changes[MAX_CHANGES] = {};
	const struct handle *h = self;
	enum files_outcome outcome = FILES_DONE;

	memory_pays(request->call->session);
	if (!may(h, RIGHT_BIND) || h->generation)
		outcome = FILES_DENIED;
	else if (count > MAX_CHANGES)
		outcome = FILES_TOO_LARGE;
	if (outcome == FILES_DONE)
		outcome = read_changes(h, request, list, changes, count, &index);
	if (outcome == FILES_DONE)
		outcome = names_update(&st.names, changes, count,
				       namespace_update_params_reader_expected(params), &index);
	if (outcome == FILES_DONE)
		handle_changed(changes, count);
	namespace_update_results_builder_set_outcome(results, out(outcome));
	namespace_update_results_builder_set_generation(results, st.names.present);
	namespace_update_results_builder_set_index(results, outcome == FILES_DONE ? 0 : index);
	return STATUS_OK;
}

/* ---- History ---- */

static enum status generation(void *self, struct rpc_request *request,
			      struct namespace_generation_results_builder results)
{
	const struct handle *h = self;

	(void)request;
	namespace_generation_results_builder_set_generation(results,
							    h->generation ? h->generation : st.names.present);
	namespace_generation_results_builder_set_oldest(results, names_oldest(&st.names));
	return STATUS_OK;
}

static enum status at(void *self, struct rpc_request *request, struct namespace_at_params_reader params,
		      struct namespace_at_results_builder results)
{
	uint64_t number = namespace_at_params_reader_generation(params);
	enum files_outcome outcome = FILES_DENIED;
	int32_t cap = -1;

	if (may(self, RIGHT_READ))
		outcome = names_at(&st.names, number) ? FILES_DONE : FILES_NOT_FOUND;
	if (outcome == FILES_DONE)
		handle_make_space(request, RIGHT_READ, prefix_of(self), (struct files_text){}, number,
				  &outcome, &cap);
	namespace_at_results_builder_set_outcome(results, out(outcome));
	namespace_at_results_builder_set_namespace(results, cap);
	return STATUS_OK;
}

static enum status rollback(void *self, struct rpc_request *request,
			    struct namespace_rollback_params_reader params,
			    struct namespace_rollback_results_builder results)
{
	const struct handle *h = self;
	enum files_outcome outcome = FILES_DENIED;

	(void)request;
	if (may(h, RIGHT_HISTORY) && !h->generation)
		outcome = names_rollback(&st.names, prefix_of(h),
					 namespace_rollback_params_reader_generation(params));
	if (outcome == FILES_DONE)
		handle_changed(&(struct names_change){.prefix = prefix_of(h)}, 1);
	namespace_rollback_results_builder_set_outcome(results, out(outcome));
	namespace_rollback_results_builder_set_generation(results, st.names.present);
	return STATUS_OK;
}

struct pair {
	const struct names_entry *before, *after; /* of one name; null: not bound */
	struct files_text name;
};

/* The next name that is bound otherwise. */
static bool next_difference(const struct names_node *from, const struct names_node *to,
			    struct files_text prefix, struct files_text after, struct pair *pair)
{
	for (;; after = pair->name) {
		const struct names_entry *a = names_next(&st.names, from, prefix, after);
		const struct names_entry *b = names_next(&st.names, to, prefix, after);

		if (!a && !b)
			return false;
		if (a && b && a != b) {
			uint32_t least = a->name_len < b->name_len ? a->name_len : b->name_len;
			int order = __builtin_memcmp(a->text, b->text, least);

			order = order ? order : (int)a->name_len - (int)b->name_len;
			if (order < 0)
				b = nullptr;
			else if (order > 0)
				a = nullptr;
		}
		*pair = (struct pair){a, b, names_relative(a ? a : b, prefix)};
		if (a != b)
			return true;
	}
}

static void build_diff(struct rpc_request *request, struct namespace_diff_results_builder results,
		       const struct names_node *from, const struct names_node *to, struct files_text prefix,
		       struct files_text after, uint32_t max)
{
	uint32_t room = request->results.capacity - request->results.words, count = 0;
	struct files_text first = after;
	struct pair pair;
	bool more;

	room = room > 0 ? room - 1 : 0;
	while ((more = next_difference(from, to, prefix, after, &pair)) && count < max &&
	       DIFFERENCE_WORDS + (pair.name.len + 8) / 8 <= room) {
		room -= DIFFERENCE_WORDS + (pair.name.len + 8) / 8;
		after = pair.name;
		count++;
	}
	namespace_diff_results_builder_set_more(results, more);

	struct namespace_difference_list_builder list = namespace_diff_results_builder_init_entries(results,
												    count);

	for (uint32_t i = 0; i < count && next_difference(from, to, prefix, first, &pair); i++) {
		struct namespace_difference_builder d = namespace_difference_list_builder_at(list, i);

		namespace_difference_builder_set_name(d, (struct msg_text){pair.name.ptr, pair.name.len});
		namespace_difference_builder_set_before(d, binding_kind(pair.before));
		namespace_difference_builder_set_after(d, binding_kind(pair.after));
		first = pair.name;
	}
}

static enum status diff(void *self, struct rpc_request *request, struct namespace_diff_params_reader params,
			struct namespace_diff_results_builder results)
{
	const struct names_generation *from = names_at(&st.names, namespace_diff_params_reader_from(params));
	const struct names_generation *to = names_at(&st.names, namespace_diff_params_reader_to(params));
	enum files_outcome outcome = !may(self, RIGHT_READ) ? FILES_DENIED
				     : from && to           ? FILES_DONE
							    : FILES_NOT_FOUND;

	namespace_diff_results_builder_set_outcome(results, out(outcome));
	if (outcome == FILES_DONE)
		build_diff(request, results, from->root, to->root, prefix_of(self),
			   text_of(namespace_diff_params_reader_after(params)),
			   namespace_diff_params_reader_max(params));
	return STATUS_OK;
}

/* ---- Smaller ones ---- */

static enum status sub(void *self, struct rpc_request *request, struct namespace_sub_params_reader params,
		       struct namespace_sub_results_builder results)
{
	uint8_t rights = (uint8_t)(namespace_sub_params_reader_read(params) |
				   namespace_sub_params_reader_bind(params) << 1 |
				   namespace_sub_params_reader_history(params) << 2);
	struct files_text prefix = text_of(namespace_sub_params_reader_prefix(params)), joined;
	const struct handle *h = self;
	char buffer[NAMES_MAX_NAME];
	enum files_outcome outcome = FILES_DENIED;
	int32_t cap = -1;

	if (may(h, 0))
		outcome = join(h, prefix, buffer, &joined) ? FILES_DONE : FILES_BAD_NAME;
	if (outcome == FILES_DONE)
		handle_make_space(request, rights & h->rights, joined, (struct files_text){}, h->generation,
				  &outcome, &cap);
	namespace_sub_results_builder_set_outcome(results, out(outcome));
	namespace_sub_results_builder_set_namespace(results, cap);
	return STATUS_OK;
}

static enum status watch(void *self, struct rpc_request *request, struct namespace_watch_params_reader params,
			 struct namespace_watch_results_builder results)
{
	enum files_outcome outcome = FILES_DENIED;

	if (may(self, RIGHT_READ))
		outcome = handle_watch(self, request, namespace_watch_params_reader_notification(params));
	namespace_watch_results_builder_set_outcome(results, out(outcome));
	return STATUS_OK;
}

const struct namespace_server_ops namespace_ops = {
	.lookup = lookup,
	.list = list,
	.update = update,
	.generation = generation,
	.at = at,
	.rollback = rollback,
	.diff = diff,
	.sub = sub,
	.watch = watch,
};
