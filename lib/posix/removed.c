// SPDX-License-Identifier: MIT OR Apache-2.0
/* Files that are removed while they are open (removed.h). */
#include "removed.h"
#include "process.h"

#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/service/directory.capnp.h>

#define RECORDS 8u
#define PATH_BYTES 256u /* of such a name; one that would be longer is removed as ever */

[[gnu::section(".bss.large")]] static struct record {
	struct posix_open *owner; /* null: free */
	cap_id directory;
	uint32_t length;
	char path[PATH_BYTES];
} records[RECORDS];
static struct spin_lock lock; /* owner */
POSIX_TOGETHER static uint32_t
	last; /* atomic; how many there have been: without any, the records are not even looked at */

static struct record *take(struct posix_open *o)
{
	struct record *found = nullptr;

	spin_lock_acquire(&lock);
	for (uint32_t i = 0; i < RECORDS && !found; i++)
		if (!records[i].owner)
			found = &records[i];
	if (found)
		found->owner = o;
	spin_lock_release(&lock);
	return found;
}

static void give(struct record *r)
{
	spin_lock_acquire(&lock);
	r->owner = nullptr;
	spin_lock_release(&lock);
}

void posix_removed_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&lock);
	else
		spin_lock_release(&lock);
}

static void add_number(struct record *r, uint64_t n)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		r->path[r->length++] = "0123456789abcdef"[n >> shift & 15];
}

/* The new name, in the directory of the old one. */
static bool make_path(struct record *r, const struct posix_path *p)
{
	static const char begin[] = ".removed-";
	uint32_t base = p->length;

	while (base > 0 && p->text[base - 1] != '/')
		base--;
	if (base + sizeof(begin) + 17 > PATH_BYTES)
		return false;
	__builtin_memcpy(r->path, p->text, base);
	__builtin_memcpy(r->path + base, begin, sizeof(begin) - 1);
	r->length = base + sizeof(begin) - 1;
	add_number(r, (uint64_t)sys_getpid(0, 0, 0, 0, 0, 0));
	r->path[r->length++] = '-';
	add_number(r, __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED));
	r->directory = p->directory;
	return true;
}

static bool rename_it(const struct record *r, const struct posix_path *p)
{
	enum file_outcome outcome = FILE_OUTCOME_DENIED;

	return directory_rename(runtime_transport(), p->directory, posix_path_text(p), CAP_ID_NULL,
				(struct msg_text){r->path, r->length}, false, &outcome) == STATUS_OK &&
	       outcome == FILE_OUTCOME_DONE;
}

bool posix_removed_later(const struct posix_path *p)
{
	struct posix_open *o = posix_find_file(posix_path_identity(p));
	struct record *r = o ? take(o) : nullptr;
	bool good = r && make_path(r, p) && rename_it(r, p);

	if (good)
		o->slot = (uint8_t)(r - records + 1);
	else if (r)
		give(r);
	if (o)
		posix_put(o);
	return good;
}

static void remove_now(struct record *r)
{
	enum file_outcome outcome;

	(void)!directory_remove(runtime_transport(), r->directory, (struct msg_text){r->path, r->length},
				&outcome);
	give(r);
}

void posix_removed_close(struct posix_open *o)
{
	if (o->slot)
		remove_now(&records[o->slot - 1]);
	o->slot = 0;
}

void posix_removed_end(void)
{
	for (uint32_t i = 0; last && i < RECORDS; i++)
		if (records[i].owner)
			posix_removed_close(records[i].owner);
}

void posix_removed_forked(void)
{
	for (uint32_t i = 0; last && i < RECORDS; i++) {
		if (records[i].owner)
			records[i].owner->slot = 0;
		records[i].owner = nullptr;
	}
}
