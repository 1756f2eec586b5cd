// SPDX-License-Identifier: MIT OR Apache-2.0
/* Unpredictable bytes, from the EntropySource granted as "entropy". Without it there are none: ENOSYS, never something that looks so. */
#include "posix.h"

#include <runtime/runtime.h>
#include <schema/kernel/entropy_source.capnp.h>

#define PIECE 256u /* of one call */

static enum status fill(cap_id entropy, uint8_t *to, uint32_t count)
{
	struct entropy_source_fill_results_reader results;
	struct rpc_call call;
	enum status status;

	entropy_source_fill_params_builder_set_count(
		entropy_source_fill_begin(&call, runtime_transport(), entropy), count);
	status = entropy_source_fill_call(&call, &results);
	if (status == STATUS_OK) {
		struct msg_data bytes = entropy_source_fill_results_reader_bytes(results);

		if (bytes.len == count)
			__builtin_memcpy(to, bytes.ptr, count);
		else
			status = STATUS_BAD_MESSAGE;
	}
	rpc_end(&call);
	return status;
}

POSIX_CALL(getrandom)
{
	uint8_t *to = POSIX_POINTER(a);
	cap_id entropy = posix_grant("entropy", ENTROPY_SOURCE_INTERFACE_ID, "EntropySource", "getrandom");
	size_t done = 0;

	if (!entropy.raw)
		return -ENOSYS;
	while (done < (size_t)b) {
		uint32_t count = (size_t)b - done < PIECE ? (uint32_t)((size_t)b - done) : PIECE;
		enum status status = fill(entropy, to + done, count);

		if (status != STATUS_OK)
			return done ? (long)done : posix_errno(status);
		done += count;
	}
	return (long)done;
}
