// SPDX-License-Identifier: MIT OR Apache-2.0
/* Bindings in messages. */
#include "store.h"

static enum files_outcome read_value(struct namespace_value_reader value, struct names_binding *binding)
{
	struct msg_data bytes = namespace_value_reader_bytes(value);

	*binding = (struct names_binding){.kind = NAMES_VALUE,
					  .type_id = namespace_value_reader_type_id(value),
					  .bytes = bytes.ptr,
					  .len = bytes.len};
	return bytes.len > NAMES_MAX_VALUE ? FILES_TOO_LARGE : FILES_DONE;
}

/* With the rights that its key has; methods that were taken away from the capability are not given back: it needs all of them. */
static enum files_outcome read_space(struct rpc_request *request, int32_t index,
				     struct names_binding *binding)
{
	const struct handle *h;
	uint64_t key, methods;

	if (service_identify(st.transport, st.endpoint, rpc_request_cap(request, index),
			     NAMESPACE_INTERFACE_ID, &key, &methods) != STATUS_OK)
		return FILES_ELSEWHERE;
	h = handle_of(nullptr, key);
	if (!h || h->kind != HANDLE_SPACE || h->generation != 0)
		return FILES_ELSEWHERE;
	if (!(methods >> NAMESPACE_SUB & 1))
		return FILES_DENIED;
	*binding = (struct names_binding){.kind = NAMES_SPACE,
					  .bytes = (const uint8_t *)h->prefix,
					  .len = h->prefix_len,
					  .rights = h->rights};
	return FILES_DONE;
}

enum files_outcome binding_read(struct rpc_request *request, struct namespace_binding_reader reader,
				struct names_binding *binding)
{
	enum files_outcome outcome;

	*binding = (struct names_binding){};
	switch (namespace_binding_reader_which(reader)) {
	case NAMESPACE_BINDING_WHICH_NONE:
		return FILES_DONE;
	case NAMESPACE_BINDING_WHICH_BLOB:
		binding->kind = NAMES_BLOB;
		outcome = blob_by_id(namespace_binding_reader_blob(reader), &binding->blob);
		return outcome;
	case NAMESPACE_BINDING_WHICH_VALUE:
		return read_value(namespace_binding_reader_value(reader), binding);
	case NAMESPACE_BINDING_WHICH_NAMESPACE:
		return read_space(request, namespace_binding_reader_namespace(reader), binding);
	default:
		return FILES_ELSEWHERE;
	}
}

enum files_outcome binding_build(struct rpc_request *request, struct namespace_binding_builder builder,
				 const struct names_entry *entry)
{
	const struct names_binding *b = &entry->binding;
	enum files_outcome outcome = FILES_DONE;
	int32_t cap = -1;

	namespace_binding_builder_set_version(builder, b->version);
	if (b->kind == NAMES_BLOB) {
		namespace_binding_builder_set_blob(builder, (struct msg_data){b->blob->id, BLOB_ID});
	} else if (b->kind == NAMES_VALUE) {
		struct namespace_value_builder value = namespace_binding_builder_init_value(builder);

		namespace_value_builder_set_type_id(value, b->type_id);
		namespace_value_builder_set_bytes(value, (struct msg_data){b->bytes, b->len});
	} else {
		handle_make_space(request, b->rights, (struct files_text){(const char *)b->bytes, b->len},
				  (struct files_text){}, 0, &outcome, &cap);
		namespace_binding_builder_set_namespace(builder, cap);
	}
	return outcome;
}

enum namespace_kind binding_kind(const struct names_entry *entry)
{
	return entry ? (enum namespace_kind)entry->binding.kind : NAMESPACE_KIND_NONE;
}
