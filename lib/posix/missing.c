// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Grants by name, and the line that says which one is missing. A Unix program only learns an errno; whoever runs it wants to know what to
 * grant. The line goes to the Console if there is one, else to the terminal as diagnostics.
 */
#include "posix.h"
#include "process.h"

#include <runtime/runtime.h>
#include <runtime/thread.h>
#include <schema/kernel/console.capnp.h>
#include <schema/service/terminal.capnp.h>

#define SAID 16u
#define FOUND 16u

/* Names that were said, so that a loop of failing calls is one line. They are literals: the addresses suffice. */
static const char *said[SAID];

static bool is_new(const char *name)
{
	for (uint32_t i = 0; i < SAID; i++) {
		if (said[i] == name)
			return false;
		if (!said[i]) {
			said[i] = name;
			return true;
		}
	}
	return false;
}

/* One character stays free. */
static void add(char line[160], size_t *length, const char *text)
{
	for (; *text && *length < 159; text++)
		line[(*length)++] = *text;
}

void posix_missing(const char *name, const char *interface, const char *call)
{
	char line[160];
	size_t length = 0;
	cap_id cap;

	if (!is_new(name))
		return;
	add(line, &length, "posix: ");
	add(line, &length, call);
	add(line, &length, ": not granted: ");
	add(line, &length, name);
	add(line, &length, " :");
	add(line, &length, interface);
	line[length++] = '\n';
	if (runtime_cap("console", CONSOLE_INTERFACE_ID, &cap) == STATUS_OK)
		(void)!console_write(runtime_transport(), cap, (struct msg_text){line, (uint32_t)length});
	else if (runtime_cap("stdio", STD_IO_INTERFACE_ID, &cap) == STATUS_OK)
		(void)!std_io_write_error(runtime_transport(), cap,
					  (struct msg_data){(const uint8_t *)line, (uint32_t)length});
}

static struct spin_lock lock; /* filling what posix_grant_quiet has found */

void posix_grants_hold(bool hold)
{
	if (hold)
		spin_lock_acquire(&lock);
	else
		spin_lock_release(&lock);
}

/* What was found stays what it is; asked for in each open and pipe. Names are literals here, too. */
cap_id posix_grant_quiet(const char *name, uint64_t interface_id)
{
	static struct {
		const char *name; /* stored last, and once */
		uint64_t interface_id;
		cap_id cap;
	} found[FOUND];
	size_t at = ((uintptr_t)name ^ (uintptr_t)name >> 4) % FOUND;
	cap_id cap;

	if (__atomic_load_n(&found[at].name, __ATOMIC_ACQUIRE) == name &&
	    found[at].interface_id == interface_id)
		return found[at].cap;
	if (runtime_cap(name, interface_id, &cap) != STATUS_OK)
		return CAP_ID_NULL;
	spin_lock_acquire(&lock);
	if (!found[at].name) {
		found[at].interface_id = interface_id;
		found[at].cap = cap;
		__atomic_store_n(&found[at].name, name, __ATOMIC_RELEASE);
	}
	spin_lock_release(&lock);
	return cap;
}

cap_id posix_grant(const char *name, uint64_t interface_id, const char *interface, const char *call)
{
	cap_id cap = posix_grant_quiet(name, interface_id);

	if (!cap.raw)
		posix_missing(name, interface, call);
	return cap;
}
