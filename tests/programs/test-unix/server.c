// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A server as Unix has them since long: it waits for all of its clients, and starts for each request a process, which puts the connection in place
 * of standard input and output and goes on as another program. Connections are pairs of pipes: there are no sockets yet.
 */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 6, REQUESTS = 2 };

struct connection {
	int request[2], reply[2];
};

static volatile sig_atomic_t ended;

/* Workers are reaped as they end. */
static void reap(int signal)
{
	int before = errno, status;

	(void)signal;
	while (waitpid(-1, &status, WNOHANG) > 0)
		ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	errno = before;
}

/* Asks, and looks at the answers. */
static int be_client(const struct connection *c, int number)
{
	char line[64], wanted[64];

	for (int i = 0; i < REQUESTS; i++) {
		ssize_t got, all = 0;

		dprintf(c->request[1], "client %d-%d\n", number, i);
		snprintf(wanted, sizeof(wanted), "hello client %d-%d\n", number, i);
		while (all < (ssize_t)strlen(wanted) &&
		       (got = read(c->reply[0], line + all, sizeof(line) - 1 - (size_t)all)) > 0)
			all += got;
		line[all] = '\0';
		if (strcmp(line, wanted) != 0)
			return 1;
	}
	return 0;
}

static void work(const struct connection *all, const struct connection *c)
{
	dup2(c->request[0], 0);
	dup2(c->reply[1], 1);
	for (int i = 0; i < CLIENTS; i++)
		close(all[i].request[0]), close(all[i].reply[1]);
	execl("/bin/dash", "dash", "-c", "read line; echo hello $line", (char *)nullptr);
	_exit(127);
}

/* One worker at a time for a connection: the next request is looked at when the last one's worker is gone. */
static int serve(const struct connection *all)
{
	const struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
	int started = 0;

	sigaction(SIGCHLD, &action, nullptr);
	while (started < CLIENTS * REQUESTS) {
		struct pollfd fds[CLIENTS];

		for (int i = 0; i < CLIENTS; i++)
			fds[i] = (struct pollfd){all[i].request[0], POLLIN, 0};
		if (poll(fds, CLIENTS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return 1;
		}
		for (int i = 0; i < CLIENTS; i++) {
			int before = ended;
			pid_t worker;

			if (!(fds[i].revents & POLLIN))
				continue;
			worker = fork();
			if (worker == 0)
				work(all, &all[i]);
			if (worker < 0)
				return 2;
			started++;
			while (ended == before)
				poll(nullptr, 0, 1);
		}
	}
	return ended == started ? 0 : 3;
}

void test_server(void)
{
	struct connection all[CLIENTS];
	pid_t server, clients[CLIENTS];
	int status = -1, good = 0;

	for (int i = 0; i < CLIENTS; i++)
		if (pipe(all[i].request) || pipe(all[i].reply))
			return tap_ok(false, "pipes");
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = fork();
		if (clients[i] == 0)
			_exit(be_client(&all[i], i));
	}
	server = fork();
	if (server == 0) {
		for (int i = 0; i < CLIENTS; i++)
			close(all[i].request[1]), close(all[i].reply[0]);
		_exit(serve(all));
	}
	for (int i = 0; i < CLIENTS; i++) {
		close(all[i].request[0]), close(all[i].request[1]);
		close(all[i].reply[0]), close(all[i].reply[1]);
	}
	for (int i = 0; i < CLIENTS; i++)
		good += waitpid(clients[i], &status, 0) == clients[i] && status == 0;
	tap_ok(waitpid(server, &status, 0) == server && status == 0 && good == CLIENTS,
	       "a server that forks for each request, and executes a program: six clients, twelve requests");
}
