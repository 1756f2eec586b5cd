// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Placing a program (layout.h). Two independent values are drawn from one seed by splitmix64's finaliser.
 */
#include <spawn/layout.h>

#define AREA (2ull << 20)
#define LOWEST (4ull << 30)
#define HIGHEST \
	(1ull << 46) /* below it all windows end; above, the kernel places what it may place anywhere */
#define SEED_STEP 0x9e3779b97f4a7c15ull

static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += SEED_STEP;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

struct layout spawn_layout(const struct spawn_program *program, uint64_t message_bytes, uint64_t seed)
{
	struct layout l = {
		.stack_bytes = program->stack_bytes,
		.message_pages = spawn_page_up(message_bytes) / SPAWN_PAGE,
	};
	uint64_t message = l.message_pages * SPAWN_PAGE;
	uint64_t used = program->image_size + SPAWN_PAGE + l.stack_bytes + SPAWN_PAGE + message;
	uint64_t window = (used + AREA - 1) & ~(AREA - 1);
	uint64_t spare = (window - used) / SPAWN_PAGE;
	uint64_t base = LOWEST + draw(&seed) % ((HIGHEST - LOWEST - window) / AREA) * AREA;
	uint64_t slack = draw(&seed);
	uint64_t before = (uint32_t)slack % (spare + 1), between = (slack >> 32) % (spare - before + 1);

	l.image = base + before * SPAWN_PAGE;
	l.stack = l.image + program->image_size + SPAWN_PAGE + between * SPAWN_PAGE;
	l.message = l.stack + l.stack_bytes + SPAWN_PAGE;
	for (uint32_t i = 0; i < program->segment_count; i++) {
		if (!program->segments[i].writable)
			continue;
		l.segment_offset[i] = l.memory_bytes;
		l.memory_bytes += spawn_segment_bytes(&program->segments[i]);
	}
	l.message_offset = l.memory_bytes;
	l.stack_offset = l.message_offset + message;
	l.memory_bytes = l.stack_offset + l.stack_bytes;
	return l;
}
