// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-files share. */
#pragma once

#include <file_client/file_client.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <testing/child.h>
#include <testing/tap.h>

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id root, view; /* all rights; reading only */
	cap_id manager, space, sessions;
};
extern struct world w;

/* Each is a part, with directories of its own below the root, and leaves nothing behind. */
void test_model(void);     /* the reference model against the service */
void test_rights(void);    /* what each capability can do; smaller roots */
void test_sharing(void);   /* who has what open; stale handles; watching */
void test_limits(void);    /* limits, many files, memory that runs out */
void test_buffers(void);   /* SharedBuffer, copies, files as memory; hostile buffers */
void test_exerciser(void); /* random operations on one file, by every way there is */
void test_torture(void);   /* several processes in one directory; dying clients */

void test_large(void);  /* a large file as memory */
void test_shares(void); /* two sessions at one service */
void test_quota(void);  /* services that lack something */
void test_garble(void); /* random messages */

int child_torture(void);
int child_holder(void);
int child_guest(void);
int child_poor(void);
int child_watcher(void);

static inline struct msg_text txt(const char *text)
{
	return msg_text_from(text);
}

/* One-liners that give the outcome, or 0xffff if the call failed. */
#define FAILED 0xffffu
unsigned make_dir(cap_id dir, const char *path);
unsigned remove_path(cap_id dir, const char *path);
unsigned move_path(cap_id dir, const char *from, const char *to, bool replace);
unsigned open_path(cap_id dir, const char *path, cap_id *file);
unsigned create_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file);
unsigned edit_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file);
unsigned append_path(cap_id dir, const char *path, enum file_sharing others, cap_id *file);
unsigned sub_path(cap_id dir, const char *path, const char *rights /* of "rcwaml" */, cap_id *sub);
unsigned put(cap_id file, uint64_t offset, const void *bytes, uint32_t count);
unsigned get(cap_id file, uint64_t offset, void *bytes, uint32_t count, uint32_t *got);
void drop(cap_id id); /* at once */
/* Makes a file with these bytes. */
bool make_file(cap_id dir, const char *path, const char *text);
uint64_t entries_of(cap_id dir);
