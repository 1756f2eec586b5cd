// SPDX-License-Identifier: MIT OR Apache-2.0
/* Making a handle and its facet, in line: opening a file is what this service is asked for most. handles.c has the rest. */
#pragma once

#include "ramfs.h"

/* The template that facets with these rights are minted from; null: it could not be made. */
static inline cap_id handle_template(enum files_kind kind, uint8_t rights)
{
	cap_id made = (kind == FILES_FILE ? fs.file_templates : fs.directory_templates)[rights];

	return __builtin_expect(made.raw != 0, 1) ? made : handle_make_template(kind, rights);
}

/* As handle_open; also: as handle_open_also. */
[[gnu::always_inline]] static inline enum status handle_open_as(struct rpc_request *request,
								struct files_node *node, enum files_kind kind,
								uint8_t rights, uint8_t allows, bool also,
								enum files_outcome *outcome, int32_t *cap)
{
	struct handle *handle;
	uint8_t share;
	cap_id facets;
	uint64_t key;

	*cap = -1;
	if (__builtin_expect(request->caps_out_max == 0, 0))
		return rpc_raise(request, EXCEPTION_TYPE_FAILED, "no room was reserved for a capability",
				 nullptr);
	facets = handle_template(kind, rights);
	*outcome = FILES_NO_SPACE;
	if (!facets.raw || !shares_take(&fs.open, request->call->session, &share))
		return STATUS_OK;
	handle = keys_take(&fs.handles, &key);
	if (!handle)
		goto give_share;
	*outcome = FILES_DONE;
	if (kind == FILES_DIRECTORY)
		files_open_also(&handle->opening, node, FILES_READS);
	else if (also)
		files_open_also(&handle->opening, node, rights);
	else
		*outcome = files_open(&handle->opening, node, rights, allows);
	if (*outcome != FILES_DONE)
		goto give_key;
	handle->kind = kind;
	handle->rights = rights;
	handle->share = share;
	*cap = rpc_request_mint_cap(request, facets, key);
	return STATUS_OK;

give_key:
	keys_give(&fs.handles, handle, key);
give_share:
	shares_give(&fs.open, share);
	return STATUS_OK;
}
