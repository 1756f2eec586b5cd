// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who a program is (identity.h), and numbers of processes.
 */
#include "identity.h"
#include "inherit.h"

#include <errno.h>
#include <message/message.h>
#include <runtime/runtime.h>
#include <runtime/start.h>
#include <schema/kernel/session_context.capnp.h>
#include <unistd.h>

#define NOBODY 65534u /* what does not fit */

static void take_name(struct posix_identity *to, struct msg_text account)
{
	uint32_t length = 0;

	for (uint32_t i = 0; i < account.len && length < sizeof(to->name) - 1; i++) {
		char c = account.ptr[i];

		/* What would be two fields, or two names, elsewhere. */
		to->name[length++] = c > ' ' && c < 127 && c != ':' && c != ',' && c != '/' ? c : '_';
	}
	to->name[length] = '\0';
}

static void ask_session(struct posix_identity *to)
{
	struct session_context_info_results_reader results;
	struct rpc_call call;
	cap_id session = posix_grant_quiet("session", SESSION_CONTEXT_INTERFACE_ID);

	if (!session.raw)
		return;
	session_context_info_begin(&call, runtime_transport(), session);
	if (session_context_info_call(&call, &results) == STATUS_OK) {
		struct subject_reader subject = session_context_info_results_reader_subject(results);
		uint64_t id = subject_reader_id(subject);

		if (subject_reader_account(subject).len > 0) {
			take_name(to, subject_reader_account(subject));
			to->user = id < UINT32_MAX ? (uint32_t)id : NOBODY;
			to->from_session = true;
		}
	}
	rpc_end(&call);
}

const struct posix_identity *posix_identity(void)
{
	static struct posix_identity identity;

	if (!identity.name[0]) {
		identity = (struct posix_identity){.user = POSIX_USER, .name = POSIX_USER_NAME};
		ask_session(&identity);
	}
	return &identity;
}

/*
 * Whoever starts a program chooses its seed, and from that both know the number of the process without a word: 22 bits, so that
 * two of them are hardly ever the same. (The kernel's own number is for those who hold a ProcessHandle.)
 */
POSIX_PLAIN_CALL(getpid)
{
	return posix_own_number ? posix_own_number : posix_process_number(runtime_start_seed());
}

POSIX_PLAIN_CALL(getppid)
{
	return posix_parent_number ? posix_parent_number : 1;
}

/* Each process is a group and a session of its own, and with what it has started a family (signal.h). */
POSIX_PLAIN_CALL(getpgid)
{
	return a == 0 ? sys_getpid(0, 0, 0, 0, 0, 0) : a;
}

POSIX_PLAIN_CALL(setpgid)
{
	return b == 0 || a == b || (a == 0 && b == sys_getpid(0, 0, 0, 0, 0, 0)) ? 0 : -EPERM;
}

POSIX_PLAIN_CALL(getsid)
{
	return sys_getpgid(a, 0, 0, 0, 0, 0);
}

POSIX_PLAIN_CALL(setsid)
{
	return sys_getpid(0, 0, 0, 0, 0, 0);
}

/* ---- User and group ---- */

POSIX_CALL(getuid)
{
	return posix_identity()->user;
}

POSIX_CALL(geteuid)
{
	return posix_identity()->user;
}

POSIX_CALL(getgid)
{
	return posix_identity()->user;
}

POSIX_CALL(getegid)
{
	return posix_identity()->user;
}

/* One may become who one is. */
POSIX_CALL(setuid)
{
	return a == posix_identity()->user ? 0 : -EPERM;
}

POSIX_CALL(setgid)
{
	return a == posix_identity()->user ? 0 : -EPERM;
}

POSIX_CALL(getgroups)
{
	if (a < 0)
		return -EINVAL;
	if (a > 0)
		*(gid_t *)POSIX_POINTER(b) = posix_identity()->user;
	return 1;
}
