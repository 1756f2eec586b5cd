// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Call and reply between two processes on one CPU: a byte through pipes, messages through a Unix socket, the same with
 * a descriptor on board, and the bare switch.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

struct channel {
	int in, out;
	size_t size;
};

static char request[4096], reply[4096];

static bool receive(int fd, char *buffer, size_t size)
{
	while (size) {
		ssize_t n = read(fd, buffer, size);

		if (n <= 0)
			return false;
		buffer += n;
		size -= (size_t)n;
	}
	return true;
}

static bool transmit(int fd, const char *buffer, size_t size)
{
	return write(fd, buffer, size) == (ssize_t)size;
}

static void round_trips(long operations, void *context)
{
	struct channel *channel = context;

	while (operations--) {
		if (!transmit(channel->out, request, channel->size) ||
		    !receive(channel->in, reply, channel->size))
			bench_fail("round trip");
	}
}

[[noreturn]] static void serve(struct channel channel)
{
	while (receive(channel.in, request, channel.size) && transmit(channel.out, reply, channel.size))
		;
	_exit(0);
}

static void run_on(int cpu)
{
	cpu_set_t only;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	if (sched_setaffinity(0, sizeof(only), &only))
		bench_fail("affinity");
}

/* The other end is on CPU `cpu`; -1: wherever this one is. */
static void bench_pipe(const char *key, int cpu)
{
	int there[2], back[2];

	if (pipe(there) || pipe(back)) {
		bench_fail(key);
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		close(there[1]);
		close(back[0]);
		if (cpu >= 0)
			run_on(cpu);
		serve((struct channel){there[0], back[1], 1});
	}
	close(there[0]);
	close(back[1]);
	bench(key, 1000, round_trips, &(struct channel){back[0], there[1], 1});
	close(there[1]);
	close(back[0]);
	waitpid(child, nullptr, 0);
}

static void bench_socket(const char *key, size_t size)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		bench_fail(key);
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		close(pair[0]);
		serve((struct channel){pair[1], pair[1], size});
	}
	close(pair[1]);
	bench(key, 1000, round_trips, &(struct channel){pair[0], pair[0], size});
	close(pair[0]);
	waitpid(child, nullptr, 0);
}

/* ---- A message that carries a descriptor ---- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_descriptor(int socket, int fd)
{
	union control control;
	struct iovec data = {request, 64};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};

	control.header = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 64;
}

static int receive_descriptor(int socket)
{
	union control control;
	struct iovec data = {request, 64};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int fd = -1;

	if (recvmsg(socket, &message, 0) > 0 && message.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void descriptor_round_trips(long operations, void *context)
{
	int socket = *(int *)context;

	while (operations--) {
		if (!send_descriptor(socket, 0) || !receive(socket, reply, 64))
			bench_fail("descriptor");
	}
}

static void bench_descriptor(const char *key)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		bench_fail(key);
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		close(pair[0]);
		for (int fd; (fd = receive_descriptor(pair[1])) >= 0;) {
			close(fd);
			if (!transmit(pair[1], reply, 64))
				break;
		}
		_exit(0);
	}
	close(pair[1]);
	bench(key, 1000, descriptor_round_trips, &pair[0]);
	close(pair[0]);
	waitpid(child, nullptr, 0);
}

/* ---- Switches ---- */

static void two_yields(long operations, void *context)
{
	(void)context;
	for (; operations > 0; operations -= 2)
		sched_yield(); /* there and back: two switches */
}

static void bench_switch(void)
{
	pid_t child = fork();

	if (child == 0) {
		for (;;)
			sched_yield();
	}
	bench("switch", 4000, two_yields, nullptr);
	kill(child, SIGKILL);
	waitpid(child, nullptr, 0);
}

void bench_ipc_small(void)
{
	bench_pipe("ipc_0", -1);
	bench_socket("ipc_64", 64);
}

void bench_ipc(void)
{
	bench_ipc_small();
	bench_socket("ipc_512", 512);
	bench_socket("ipc_4096", 4096);
	bench_descriptor("ipc_64_cap");
	bench_switch();
}

void bench_cross(void)
{
	run_on(0);
	bench_pipe("cross_pipe", 1);
}
