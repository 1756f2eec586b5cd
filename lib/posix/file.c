// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * File as a descriptor. Bytes travel in messages; a piece is what the service takes in one.
 */
#include "descriptor.h"
#include "path.h"
#include "removed.h"

#include <fcntl.h>
#include <file_client/file_client.h>
#include <runtime/runtime.h>
#include <sys/stat.h>

#define WRITE_PIECE 4096u /* fits beside everything else into the arena of a default ring */
#define READ_PIECE 4096u

static long file_read_at(struct posix_open *o, void *bytes, size_t count, uint64_t offset)
{
	size_t done = 0;

	while (done < count) {
		enum file_outcome outcome = FILE_OUTCOME_DONE;
		uint32_t wanted = count - done < READ_PIECE ? (uint32_t)(count - done) : READ_PIECE, got = 0;
		enum status status = file_client_read(runtime_transport(), o->cap, offset + done,
						      (uint8_t *)bytes + done, wanted, &outcome, &got);
		long error = posix_outcome(status, (int)outcome);

		if (error)
			return done ? (long)done : error;
		done += got;
		if (got < wanted)
			break;
	}
	return (long)done;
}

static long file_write_at(struct posix_open *o, const void *bytes, size_t count, uint64_t offset)
{
	size_t done = 0;

	while (done < count) {
		enum file_outcome outcome = FILE_OUTCOME_DONE;
		struct msg_data piece = {(const uint8_t *)bytes + done,
					 count - done < WRITE_PIECE ? (uint32_t)(count - done) : WRITE_PIECE};
		enum status status;
		uint64_t at;

		if (o->flags & O_APPEND)
			status = file_append(runtime_transport(), o->cap, piece, &outcome, &at);
		else
			status = file_write(runtime_transport(), o->cap, offset + done, piece, &outcome);

		long error = posix_outcome(status, (int)outcome);

		if (error)
			return done ? (long)done : error;
		done += piece.len;
	}
	return (long)done;
}

static long stat_of(struct posix_open *o, struct file_client_stat *stat)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	enum status status = file_client_stat(runtime_transport(), o->cap, &outcome, stat);

	return posix_outcome(status, (int)outcome);
}

static long file_end(struct posix_open *o, uint64_t *size)
{
	struct file_client_stat stat;
	long error = stat_of(o, &stat);

	if (error == 0)
		*size = stat.size;
	return error;
}

static long file_describe(struct posix_open *o, struct stat *to)
{
	struct file_client_stat stat;
	long error = stat_of(o, &stat);

	if (error)
		return error;
	posix_stat_from(to, &stat, o->identity ? o->identity : o->cap.raw);
	return 0;
}

const struct posix_kind posix_file = {
	.read = file_read_at,
	.write = file_write_at,
	.size = file_end,
	.truncate = posix_file_truncate,
	.sync = posix_file_sync,
	.stat = file_describe,
	.close = posix_removed_close,
	.interface_id = FILE_INTERFACE_ID,
};
