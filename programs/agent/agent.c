// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * An agent that was handed one directory, and tries whatever it can think of: a demonstration of what a capability with few
 * rights holds back. At the prompt of images/files.capnp:
 *
 *	mkdir home/agent
 *	put home/agent/task "sort the mail"
 *	let work = home.sub(path = "agent", read = true, create = true).directory
 *	run agent with { console, work: work }
 *
 * Given a timer as well, it lets half a second pass first: time to look at it at work ("watch work").
 */
#include <file_client/file_client.h>
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <runtime/status.h>
#include <schema/kernel/console.capnp.h>
#include <schema/kernel/timer.capnp.h>

#define PAUSE_NS 500'000'000ull

static struct rpc_transport *t;
static cap_id work;

static void say(const char *what, enum status status, enum file_outcome outcome)
{
	if (status != STATUS_OK)
		runtime_print("%s: refused by the kernel: %s\n", what, status_text(status));
	else if (outcome != FILE_OUTCOME_DONE)
		runtime_print("%s: refused: %s\n", what, file_client_text(outcome));
	else
		runtime_print("%s: done\n", what);
}

static void read_task(void)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	char text[64];
	cap_id file = {};
	uint32_t got = 0;
	enum status status = directory_open(t, work, MSG_TEXT("task"), &outcome, &file);

	if (status == STATUS_OK && outcome == FILE_OUTCOME_DONE)
		status = file_client_read(t, file, 0, text, sizeof(text), &outcome, &got);
	say("reading its task", status, outcome);
	runtime_print("  \"%.*s\"\n", (int)got, text);

	outcome = FILE_OUTCOME_DONE;
	status = file_write(t, file, 0, (struct msg_data){(const uint8_t *)"mine", 4}, &outcome);
	say("writing what it opened to read", status, outcome);
}

static void write_result(void)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	cap_id file = {};
	enum status status = directory_create(t, work, MSG_TEXT("result"), FILE_SHARING_READERS, &outcome,
					      &file);

	say("making a file", status, outcome);
	if (status == STATUS_OK && outcome == FILE_OUTCOME_DONE)
		status = file_write(t, file, 0, (struct msg_data){(const uint8_t *)"sorted\n", 7}, &outcome);
	say("writing it", status, outcome);
}

static void try_the_rest(void)
{
	enum file_outcome outcome = FILE_OUTCOME_DONE;
	cap_id other = {}, all = {};
	enum status status = directory_edit(t, work, MSG_TEXT("task"), FILE_SHARING_READERS, &outcome,
					    &other);

	say("changing its task", status, outcome);
	status = directory_remove(t, work, MSG_TEXT("task"), &outcome);
	say("removing it", status, outcome);
	status = directory_rename(t, work, MSG_TEXT("task"), CAP_ID_NULL, MSG_TEXT("done"), false, &outcome);
	say("renaming it", status, outcome);
	status = directory_open(t, work, MSG_TEXT("../secret"), &outcome, &other);
	say("opening ../secret", status, outcome);
	status = directory_sub(t, work, MSG_TEXT(""), true, true, true, true, true, true, &outcome, &all);
	say("asking for all rights", status, outcome);
	status = directory_remove(t, all, MSG_TEXT("task"), &outcome);
	say("removing it with what it got", status, outcome);
}

int main(void)
{
	t = runtime_transport();
	work = runtime_need("work", DIRECTORY_INTERFACE_ID);
	runtime_need("console", CONSOLE_INTERFACE_ID);

	cap_id timer;

	if (runtime_cap("timer", TIMER_INTERFACE_ID, &timer) == STATUS_OK)
		(void)!timer_sleep(t, timer, PAUSE_NS);
	read_task();
	write_result();
	try_the_rest();
	return 0;
}
