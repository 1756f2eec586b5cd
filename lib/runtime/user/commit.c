// SPDX-License-Identifier: MIT OR Apache-2.0
/* A program's own memory, before it serves others (runtime/commit.h). */
#include <runtime/commit.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/start.h>
#include <runtime/status.h>

/* From user.ld. */
#define HIDDEN [[gnu::visibility("hidden")]]
HIDDEN extern const uint8_t image_start[], image_end[];

enum status commit_program(struct rpc_transport *transport, cap_id space)
{
	struct runtime_stack stack = runtime_start_stack();
	uint64_t image = (uint64_t)(uintptr_t)image_start;
	enum status status = commit_range(transport, space, image, (uint64_t)(uintptr_t)image_end - image);

	if (status == STATUS_OK)
		status = commit_range(transport, space, stack.address, stack.bytes);
	return status;
}

void commit_program_or_exit(struct rpc_transport *transport, cap_id space)
{
	enum status status = commit_program(transport, space);

	if (status == STATUS_OK)
		return;
	runtime_print("cannot take the memory that it needs to serve: %s\n", status_text(status));
	runtime_exit(RUNTIME_EXIT_NO_MEMORY);
}
