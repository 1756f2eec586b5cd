// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A path as a value (docs/guide/shell-grammar.md): what is there. A directory comes with all rights that the one it begins at has, a
 * file opened to be read; to write it, there are the methods edit and appender. Below a Namespace it is what the name is bound to.
 */
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <schema/service/namespace.capnp.h>

#include "files.h"

bool path_open(void *self, struct shell_word word, struct shell_value *value)
{
	struct file_client_stat stat = {};
	enum file_outcome outcome = 0;
	enum status status;
	struct place place;

	(void)self;
	if (!place_of(word, &place))
		return false;
	if (place.interface_id == NAMESPACE_INTERFACE_ID)
		return names_value(&place, value);
	if (place.interface_id != DIRECTORY_INTERFACE_ID)
		return shell_fail_at(&shell, word.at, "a path goes on below a Directory or a Namespace");
	status = file_client_stat_path(runtime_transport(), place.cap, place.path, &outcome, &stat);
	if (!settle(status, outcome))
		return false;
	if (stat.kind == FILE_KIND_DIRECTORY) {
		value->interface_id = DIRECTORY_INTERFACE_ID;
		status = directory_sub(runtime_transport(), place.cap, place.path, true, true, true, true,
				       true, true, &outcome, &value->cap);
	} else {
		value->interface_id = FILE_INTERFACE_ID;
		status = directory_open(runtime_transport(), place.cap, place.path, &outcome, &value->cap);
	}
	return settle(status, outcome);
}
