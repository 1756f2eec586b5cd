// SPDX-License-Identifier: MIT OR Apache-2.0
/* The reference model (store_model/store_model.h). */
#include <store_model/store_model.h>

#define NOBODY STORE_MODEL_BLOBS

static uint32_t below(struct store_model *m, uint32_t bound)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random >> 20) % bound;
}

static bool differ(struct store_model *m, const char *what)
{
	if (!m->wrong)
		m->wrong = what;
	return false;
}

/* True: the subject did what the model expected to be done. */
static bool same(struct store_model *m, enum files_outcome got, enum files_outcome expected, const char *what,
		 bool *good)
{
	m->done[got <= FILES_DAMAGED ? got : FILES_DAMAGED]++;
	if (got == FILES_NO_SPACE && m->may_fail)
		return false;
	if (got != expected)
		*good = differ(m, what);
	return got == FILES_DONE && got == expected;
}

static struct files_text text(const char *s)
{
	return (struct files_text){s, (uint32_t)__builtin_strlen(s)};
}

/* ---- Blobs, by number ---- */

static uint32_t size_of(uint32_t blob)
{
	static constexpr uint32_t sizes[8] = {0, 1, 100, 4095, 4096, 4097, 8192, STORE_MODEL_BYTES};

	return blob == 8 ? 3000 : sizes[blob % 8]; /* what is empty has no number in it */
}

/* The bytes of two blobs differ from the first on. */
static uint8_t byte_of(uint32_t blob, uint32_t i)
{
	return (uint8_t)(blob * 11 + i * 7 + i / 256);
}

/* Those of the last third have links, to one each of the two others. */
static uint32_t links_of(uint32_t blob, uint32_t links[STORE_MODEL_LINKS])
{
	if (blob < 16)
		return 0;
	links[0] = blob - 16;
	links[1] = blob - 8;
	return 2;
}

static const uint8_t *bytes_of(struct store_model *m, uint32_t blob)
{
	for (uint32_t i = 0; i < size_of(blob); i++)
		m->bytes[i] = byte_of(blob, i);
	return m->bytes;
}

static void make_id(struct store_model *m, uint32_t blob)
{
	uint32_t links[STORE_MODEL_LINKS], count = links_of(blob, links);
	const uint8_t *ids[STORE_MODEL_LINKS];
	uint8_t content[BLOB_ID];

	hash_blake2b(m->ids[blob], bytes_of(m, blob), size_of(blob));
	if (count == 0)
		return;
	__builtin_memcpy(content, m->ids[blob], BLOB_ID);
	for (uint32_t i = 0; i < count; i++)
		ids[i] = m->ids[links[i]];
	blobs_linked_id(m->ids[blob], content, ids, count);
}

void store_model_init(struct store_model *m, const struct store_model_subject *subject, uint64_t seed)
{
	uint64_t oldest;

	__builtin_memset(m, 0, sizeof(*m));
	m->subject = subject;
	m->random = seed * 2 + 88172645463325253ull;
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++)
		make_id(m, i);
	subject->generations(subject->context, &m->first, &oldest);
	m->present = m->first;
}

/* Changed on the way, or cut short, or expected to be another one: refused, whatever it is. */
static void spoil(struct store_model *m, struct store_model_put *put, uint32_t blob)
{
	uint32_t how = put->count ? below(m, 3) : 2;

	put->expected = m->ids[blob];
	if (how == 0)
		m->bytes[below(m, put->count)] ^= 0x10;
	else if (how == 1)
		put->count--;
	else
		put->expected = m->ids[(blob + 1) % STORE_MODEL_BLOBS];
}

static bool step_put(struct store_model *m)
{
	uint32_t blob = below(m, STORE_MODEL_BLOBS), links[STORE_MODEL_LINKS];
	struct store_model_put put = {.bytes = bytes_of(m, blob), .count = size_of(blob), .holder = NOBODY};
	bool spoilt = below(m, 8) == 0, good = true;
	enum files_outcome expected = FILES_DONE, got;
	uint8_t id[BLOB_ID] = {};

	put.link_count = links_of(blob, links);
	for (uint32_t i = 0; i < put.link_count; i++) {
		put.links[i] = m->ids[links[i]];
		if (!m->there[links[i]])
			expected = FILES_NOT_FOUND;
	}
	if (put.link_count || put.count > 8192 || below(m, 2))
		put.piece = 1 + below(m, below(m, 4) ? 5000 : 100);
	if (below(m, 4) == 0)
		put.expected = m->ids[blob];
	if (spoilt)
		spoil(m, &put, blob);
	if (spoilt && expected == FILES_DONE)
		expected = FILES_DAMAGED;
	if (put.piece && below(m, 10) == 0) {
		put.abandon = true;
		expected = FILES_DONE;
	}
	if (!m->held[blob] && !put.abandon && below(m, 2))
		put.holder = blob;
	got = m->subject->put(m->subject->context, &put, id);
	if (!same(m, got, expected, "put", &good) || put.abandon)
		return good;
	m->there[blob] = true;
	m->held[blob] |= put.holder == blob;
	return __builtin_memcmp(id, m->ids[blob], BLOB_ID) == 0 || differ(m, "the id");
}

static bool step_drop(struct store_model *m)
{
	uint32_t blob = below(m, STORE_MODEL_BLOBS);

	if (m->held[blob])
		m->subject->drop(m->subject->context, blob);
	m->held[blob] = false;
	return true;
}

static bool compare_bytes(struct store_model *m, uint32_t blob, uint32_t offset, uint32_t count)
{
	uint32_t size = size_of(blob), got = 0, expected = offset < size ? size - offset : 0;
	enum files_outcome outcome = m->subject->get(m->subject->context, m->ids[blob], offset, m->scratch,
						     count, &got);

	if (!m->there[blob])
		return outcome == FILES_NOT_FOUND || differ(m, "a blob that is gone");
	expected = expected < count ? expected : count;
	if (outcome != FILES_DONE || got != expected)
		return differ(m, "get");
	for (uint32_t i = 0; i < got; i++)
		if (m->scratch[i] != byte_of(blob, offset + i))
			return differ(m, "bytes");
	return true;
}

static bool step_get(struct store_model *m)
{
	return compare_bytes(m, below(m, STORE_MODEL_BLOBS), below(m, STORE_MODEL_BYTES + 100),
			     1 + below(m, STORE_MODEL_PIECE));
}

static uint64_t oldest_of(const struct store_model *m)
{
	uint64_t oldest = m->present < NAMES_HISTORY ? 1 : m->present - NAMES_HISTORY + 1;

	return oldest > m->first ? oldest : m->first;
}

static struct store_model_bound *generation(struct store_model *m, uint64_t number)
{
	return m->kept[number % NAMES_HISTORY];
}

/* What holders, names of kept generations, and blobs that are kept lead to. Links lead to lower numbers. */
static void mark(struct store_model *m, bool marked[STORE_MODEL_BLOBS])
{
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++)
		marked[i] = m->held[i];
	for (uint64_t g = oldest_of(m); g <= m->present; g++)
		for (uint32_t i = 0; i < STORE_MODEL_PLACES; i++)
			if (generation(m, g)[i].kind == NAMES_BLOB)
				marked[generation(m, g)[i].blob] = true;
	for (uint32_t i = STORE_MODEL_BLOBS; i-- > 0;) {
		uint32_t links[STORE_MODEL_LINKS], count = marked[i] ? links_of(i, links) : 0;

		while (count-- > 0)
			marked[links[count]] = true;
	}
}

static bool step_collect(struct store_model *m)
{
	uint64_t blobs = 0, bytes = 0, expected = 0, expected_bytes = 0;
	bool marked[STORE_MODEL_BLOBS];

	mark(m, marked);
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++) {
		if (m->there[i] && !marked[i]) {
			expected++;
			expected_bytes += size_of(i);
		}
		m->there[i] &= marked[i];
	}
	m->subject->collect(m->subject->context, &blobs, &bytes);
	m->collected += blobs;
	return (blobs == expected && bytes == expected_bytes) || differ(m, "what was collected");
}

/* ---- Names: some below others, some beside (a-x sorts between a and a/x) ---- */

static struct files_text name_of(uint32_t place, char name[STORE_MODEL_NAME])
{
	static const char *const tails[] = {"", "/x", "/y", "-x", "/x/z", "0"};
	struct files_text tail = text(tails[place % 6]);

	__builtin_memset(name, 0, STORE_MODEL_NAME);
	name[0] = (char)('a' + place / 6);
	__builtin_memcpy(name + 1, tail.ptr, tail.len);
	return (struct files_text){name, tail.len + 1};
}

static bool is_below(struct files_text name, struct files_text prefix)
{
	return prefix.len == 0 || (name.len > prefix.len && name.ptr[prefix.len] == '/' &&
				   __builtin_memcmp(name.ptr, prefix.ptr, prefix.len) == 0);
}

static int compare(struct files_text a, struct files_text b)
{
	int order = __builtin_memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order ? order : (int)a.len - (int)b.len;
}

static void random_change(struct store_model *m, struct store_model_change *c, uint32_t *place)
{
	uint32_t kind = below(m, 8), blob = below(m, STORE_MODEL_BLOBS);

	*c = (struct store_model_change){};
	*place = below(m, STORE_MODEL_PLACES);
	(void)name_of(*place, c->name);
	if (below(m, 50) == 0 && !c->name[1])
		c->name[1] = '/'; /* now and then one that is no name */
	c->check = (enum names_check)(below(m, 4) ? 0 : below(m, 3));
	c->version = m->present - below(m, 4);
	if (kind < 4) {
		c->binding.kind = NAMES_VALUE;
		c->binding.value = below(m, 1000);
	} else if (kind < 5) { /* few, so that not all are kept by some generation */
		while (!m->there[blob] && below(m, 16))
			blob = below(m, STORE_MODEL_BLOBS);
		c->binding.kind = NAMES_BLOB;
		c->binding.value = blob;
		__builtin_memcpy(c->binding.id, m->ids[blob], BLOB_ID);
	}
}

/* What one change does to a generation that is made. */
static enum files_outcome change(struct store_model *m, struct store_model_bound *next,
				 const struct store_model_change *c, uint32_t place)
{
	struct store_model_bound *b = &next[place];
	bool there = b->kind != NAMES_NONE;
	char name[STORE_MODEL_NAME];

	if (compare(text(c->name), name_of(place, name)) != 0)
		return FILES_BAD_NAME;
	if ((c->check == NAMES_ABSENT && there) ||
	    (c->check == NAMES_VERSION && (!there || b->version != c->version)))
		return FILES_CONFLICT;
	if (c->binding.kind == NAMES_NONE && !there)
		return FILES_NOT_FOUND;
	*b = (struct store_model_bound){.kind = c->binding.kind, .version = m->present + 1};
	if (b->kind == NAMES_BLOB)
		b->blob = (uint32_t)c->binding.value;
	else
		b->value = c->binding.value;
	return FILES_DONE;
}

/* What the update gives, and the generation that it makes. Blobs are looked up first. */
static enum files_outcome expect_update(struct store_model *m, const struct store_model_change *changes,
					const uint32_t *places, uint32_t count, uint64_t expected,
					struct store_model_bound *next, uint32_t *index)
{
	enum files_outcome outcome = FILES_DONE;

	for (uint32_t i = 0; i < count; i++) {
		*index = i;
		if (changes[i].binding.kind == NAMES_BLOB && !m->there[changes[i].binding.value])
			return FILES_NOT_FOUND;
	}
	*index = 0;
	if (expected && expected != m->present)
		return FILES_CONFLICT;
	__builtin_memcpy(next, generation(m, m->present), sizeof(m->kept[0]));
	for (uint32_t i = 0; i < count && outcome == FILES_DONE; i++) {
		*index = i;
		outcome = change(m, next, &changes[i], places[i]);
	}
	return outcome;
}

static void push(struct store_model *m, const struct store_model_bound *next)
{
	m->present++;
	__builtin_memcpy(generation(m, m->present), next, sizeof(m->kept[0]));
}

static bool step_update(struct store_model *m)
{
	struct store_model_bound next[STORE_MODEL_PLACES];
	struct store_model_change changes[4];
	uint32_t places[4], count = 1 + below(m, 4), index = 0, got_index = 0;
	uint64_t expected = below(m, 8) ? 0 : m->present - below(m, 2);
	bool good = true;

	for (uint32_t i = 0; i < count; i++)
		random_change(m, &changes[i], &places[i]);

	enum files_outcome outcome = expect_update(m, changes, places, count, expected, next, &index);
	enum files_outcome got = m->subject->update(m->subject->context, changes, count, expected,
						    &got_index);

	if (same(m, got, outcome, "update", &good))
		push(m, next);
	else if (good && got == outcome && got_index != index)
		return differ(m, "the change at fault");
	return good;
}

static bool step_rollback(struct store_model *m)
{
	static const char *const prefixes[] = {"", "a", "b", "a/x", "h"};
	struct files_text prefix = text(prefixes[below(m, 5)]);
	struct store_model_bound next[STORE_MODEL_PLACES];
	uint64_t back = below(m, NAMES_HISTORY + 4), to = m->present - back;
	bool good = true, kept = back < NAMES_HISTORY;

	if (back >= m->present || (kept && to < m->first))
		return true;
	__builtin_memcpy(next, generation(m, m->present), sizeof(next));
	for (uint32_t i = 0; i < STORE_MODEL_PLACES && kept; i++) {
		char name[STORE_MODEL_NAME];

		if (is_below(name_of(i, name), prefix))
			next[i] = generation(m, to)[i];
	}
	if (same(m, m->subject->rollback(m->subject->context, prefix, to),
		 kept ? FILES_DONE : FILES_NOT_FOUND, "rollback", &good))
		push(m, next);
	return good;
}

/* The place whose name comes next; STORE_MODEL_PLACES: none. */
static uint32_t expect_next(struct store_model *m, uint64_t number, struct files_text prefix,
			    struct files_text after)
{
	uint32_t found = STORE_MODEL_PLACES, skip = prefix.len ? prefix.len + 1 : 0;
	char names[2][STORE_MODEL_NAME];
	struct files_text best = {};

	for (uint32_t i = 0; i < STORE_MODEL_PLACES; i++) {
		struct files_text name = name_of(i, names[best.ptr == names[0]]);

		if (generation(m, number)[i].kind == NAMES_NONE || !is_below(name, prefix))
			continue;
		name.ptr += skip;
		name.len -= skip;
		if (after.len && compare(name, after) <= 0)
			continue;
		name.ptr -= skip;
		name.len += skip;
		if (found != STORE_MODEL_PLACES && compare(name, best) >= 0)
			continue;
		found = i;
		best = name;
	}
	return found;
}

static bool compare_next(struct store_model *m, uint64_t number, struct files_text prefix,
			 struct files_text after, char *name, uint32_t *len)
{
	uint32_t place = expect_next(m, number, prefix, after), skip = prefix.len ? prefix.len + 1 : 0;
	char expected[STORE_MODEL_NAME];
	struct files_text whole = place < STORE_MODEL_PLACES ? name_of(place, expected)
							     : (struct files_text){expected, skip};

	*len = 0;
	if (m->subject->next(m->subject->context, number, prefix, after, name, len) != FILES_DONE)
		return differ(m, "list");
	return (*len == whole.len - skip && __builtin_memcmp(name, whole.ptr + skip, *len) == 0) ||
	       differ(m, "the name that comes next");
}

static uint64_t random_generation(struct store_model *m)
{
	uint64_t oldest = oldest_of(m);

	return oldest + below(m, (uint32_t)(m->present - oldest + 1));
}

static bool step_list(struct store_model *m)
{
	static const char *const prefixes[] = {"", "a", "b", "c/x", "d"};
	struct files_text prefix = text(prefixes[below(m, 5)]), after = {};
	char name[256], after_name[STORE_MODEL_NAME];
	uint32_t len;

	if (below(m, 2))
		after = name_of(below(m, STORE_MODEL_PLACES), after_name);
	if (prefix.len && after.len) /* what is behind the first letter is a name below */
		after = text("x");
	return compare_next(m, random_generation(m), prefix, after, name, &len);
}

static bool compare_binding(struct store_model *m, uint64_t number, uint32_t place)
{
	const struct store_model_bound *b = &generation(m, number)[place];
	struct store_model_binding got = {};
	char name[STORE_MODEL_NAME];
	enum files_outcome outcome = m->subject->look(m->subject->context, number, name_of(place, name),
						      &got);

	if (outcome != (b->kind == NAMES_NONE ? FILES_NOT_FOUND : FILES_DONE))
		return differ(m, "look");
	if (outcome != FILES_DONE)
		return true;
	if (got.kind != b->kind || got.version != b->version ||
	    (b->kind == NAMES_VALUE && got.value != b->value) ||
	    (b->kind == NAMES_BLOB && __builtin_memcmp(got.id, m->ids[b->blob], BLOB_ID) != 0))
		return differ(m, "what is bound");
	return true;
}

static bool step_look(struct store_model *m)
{
	return compare_binding(m, random_generation(m), below(m, STORE_MODEL_PLACES));
}

bool store_model_step(struct store_model *m)
{
	switch (below(m, 32)) {
	case 0 ... 7:
		return step_put(m);
	case 8 ... 10:
		return step_drop(m);
	case 11 ... 13:
		return step_get(m);
	case 14:
		return step_collect(m);
	case 15 ... 25:
		return step_update(m);
	case 26 ... 27:
		return step_rollback(m);
	case 28 ... 29:
		return step_list(m);
	default:
		return step_look(m);
	}
}

/* ---- Everything ---- */

static bool compare_statistics(struct store_model *m)
{
	uint64_t blobs = 0, bytes = 0, bound = 0, present = 0, oldest = 0, count = 0, sum = 0, names = 0;

	m->subject->statistics(m->subject->context, &blobs, &bytes, &bound);
	m->subject->generations(m->subject->context, &present, &oldest);
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++) {
		count += m->there[i];
		sum += m->there[i] ? size_of(i) : 0;
	}
	for (uint32_t i = 0; i < STORE_MODEL_PLACES; i++)
		names += generation(m, m->present)[i].kind != NAMES_NONE;
	return (blobs == count && bytes == sum && bound == names && present == m->present &&
		oldest == (m->present < NAMES_HISTORY ? 1 : m->present - NAMES_HISTORY + 1)) ||
	       differ(m, "the statistics");
}

static bool compare_generation(struct store_model *m, uint64_t number)
{
	char names[2][256];
	struct files_text after = {};
	uint32_t len = 1;

	for (uint32_t i = 0; i < STORE_MODEL_PLACES; i++)
		if (!compare_binding(m, number, i))
			return false;
	for (uint32_t i = 0; len > 0; i++) {
		if (!compare_next(m, number, (struct files_text){}, after, names[i % 2], &len))
			return false;
		after = (struct files_text){names[i % 2], len};
	}
	return true;
}

bool store_model_compare(struct store_model *m)
{
	if (!compare_statistics(m))
		return false;
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++)
		for (uint32_t at = 0; at <= size_of(i); at += STORE_MODEL_PIECE)
			if (!compare_bytes(m, i, at, STORE_MODEL_PIECE))
				return false;
	for (uint64_t g = oldest_of(m); g <= m->present; g++)
		if (!compare_generation(m, g))
			return false;
	return true;
}

bool store_model_clear(struct store_model *m)
{
	for (uint32_t i = 0; i < STORE_MODEL_PLACES; i++) {
		struct store_model_change unbind = {};
		uint32_t index;

		if (generation(m, m->present)[i].kind == NAMES_NONE)
			continue;
		(void)name_of(i, unbind.name);
		if (m->subject->update(m->subject->context, &unbind, 1, 0, &index) != FILES_DONE)
			return differ(m, "clearing");

		struct store_model_bound next[STORE_MODEL_PLACES];

		__builtin_memcpy(next, generation(m, m->present), sizeof(next));
		next[i] = (struct store_model_bound){};
		push(m, next);
	}
	for (uint32_t i = 0; i < STORE_MODEL_BLOBS; i++) {
		if (m->held[i])
			m->subject->drop(m->subject->context, i);
		m->held[i] = false;
	}
	return step_collect(m);
}
