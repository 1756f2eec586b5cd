// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * machine: runs a virtual machine so that a script can use it.
 *
 *	machine [-t SECONDS] [-o FILE] [-n] -- COMMAND...
 *
 * - Input from a pipe or file is held back until the guest has printed its first byte, because a UART that nobody has
 *   set up yet drops what arrives.  At the end of the input Ctrl-D follows (not with -n), and again whenever the guest then stays
 *   quiet for a while: so each program that reads to the end sees one, and at last the prompt, which leaves.
 *   From a terminal the command reads by itself.
 * - -t bounds the run; -o writes the guest's output to a file as well.
 * - The exit status is the machine's: 0 after power-off; v when the guest wrote v to isa-debug-exit (QEMU's 2v+1);
 *   124 after the timeout; 125 if the command could not run or died from a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_TIMEOUT = 124, EXIT_BROKEN = 125, END_OF_INPUT = 0x04, QUIET_MS = 400 };

struct run {
	pid_t child;
	int to_guest;    /* our end of the guest's input, -1 if it reads the terminal itself */
	int from_guest;  /* our end of the guest's output */
	int copy;        /* -o, or -1 */
	bool awake;      /* the guest has printed something */
	bool at_end;     /* our input has ended */
	bool send_end;   /* then Ctrl-D follows */
	char held[4096]; /* input read but not yet taken by the pipe */
	size_t held_len;
};

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

static void start(struct run *run, char **command, bool terminal)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		perror("machine: pipe");
		exit(EXIT_BROKEN);
	}
	run->child = fork();
	if (run->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!terminal)
			dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execvp(command[0], command);
		perror(command[0]);
		_exit(EXIT_BROKEN);
	}
	close(in[0]);
	close(out[1]);
	run->to_guest = terminal ? -1 : in[1];
	run->from_guest = out[0];
	if (!terminal)
		fcntl(in[1], F_SETFL, O_NONBLOCK);
}

static bool output_arrived(struct run *run)
{
	char bytes[4096];
	ssize_t n = read(run->from_guest, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	run->awake = true;
	write_all(STDOUT_FILENO, bytes, (size_t)n);
	if (run->copy >= 0)
		write_all(run->copy, bytes, (size_t)n);
	return true;
}

static void input_arrived(struct run *run)
{
	ssize_t n = read(STDIN_FILENO, run->held, sizeof(run->held));

	if (n < 0 && errno == EINTR)
		return;
	if (n > 0) {
		run->held_len = (size_t)n;
		return;
	}
	run->at_end = true;
	if (run->send_end)
		run->held[run->held_len++] = END_OF_INPUT;
}

static void feed_guest(struct run *run)
{
	ssize_t n = write(run->to_guest, run->held, run->held_len);

	if (n <= 0)
		return;
	run->held_len -= (size_t)n;
	memmove(run->held, run->held + n, run->held_len);
}

/* Relays until the guest closes its output; false after the deadline. */
static bool relay(struct run *run, long long deadline)
{
	for (;;) {
		bool feeding = run->to_guest >= 0 && run->awake;
		struct pollfd fds[] = {
			{.fd = run->from_guest, .events = POLLIN},
			{.fd = feeding && !run->held_len && !run->at_end ? STDIN_FILENO : -1,
			 .events = POLLIN},
			{.fd = feeding && run->held_len ? run->to_guest : -1, .events = POLLOUT},
		};
		bool ending = run->at_end && run->send_end && run->to_guest >= 0 && !run->held_len;
		long long left = deadline ? deadline - now_ms() : -1;
		if (deadline && left <= 0)
			return false;
		int ready = poll(fds, 3, (int)(ending && (left < 0 || left > QUIET_MS) ? QUIET_MS : left));
		if (ready < 0 && errno != EINTR)
			return false;
		if (ready == 0 && ending)
			run->held[run->held_len++] = END_OF_INPUT;
		if (fds[0].revents && !output_arrived(run))
			return true;
		if (fds[1].revents)
			input_arrived(run);
		if (fds[2].revents)
			feed_guest(run);
	}
}

static int exit_status(int wait_status)
{
	if (!WIFEXITED(wait_status))
		return EXIT_BROKEN;
	int code = WEXITSTATUS(wait_status);
	/* 1 is QEMU's own failure; the guest never writes 0 to isa-debug-exit. */
	return code > 1 && code % 2 == 1 && code != EXIT_BROKEN ? (code - 1) / 2 : code;
}

static pid_t running;

static void stop(int signal_number)
{
	if (running > 0)
		kill(running, SIGTERM);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

int main(int argc, char **argv)
{
	struct run run = {.copy = -1, .send_end = true};
	long long deadline = 0;
	int option, status;

	while ((option = getopt(argc, argv, "+t:o:n")) != -1) {
		if (option == 't')
			deadline = now_ms() + atoll(optarg) * 1000;
		else if (option == 'o')
			run.copy = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		else if (option == 'n')
			run.send_end = false;
		else
			return EXIT_BROKEN;
	}
	if (optind == argc) {
		fprintf(stderr, "usage: machine [-t SECONDS] [-o FILE] [-n] -- COMMAND...\n");
		return EXIT_BROKEN;
	}
	signal(SIGPIPE, SIG_IGN);
	start(&run, argv + optind, isatty(STDIN_FILENO));
	running = run.child;
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	signal(SIGHUP, stop);
	bool ended = relay(&run, deadline);
	if (!ended)
		kill(run.child, SIGKILL);
	if (waitpid(run.child, &status, 0) < 0)
		return EXIT_BROKEN;
	return ended ? exit_status(status) : EXIT_TIMEOUT;
}
