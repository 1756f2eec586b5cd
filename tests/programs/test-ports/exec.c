// SPDX-License-Identifier: MIT OR Apache-2.0
/* exec: what a program keeps that takes the place of another one, and what it does not. This program takes its own place. */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Arguments: "after exec", the number and the parent's number from before, a child's number. Its exit status counts what is right. */
int after_exec(char **arguments)
{
	char text[8] = "";
	pid_t child = atoi(arguments[4]);
	struct sigaction action;
	sigset_t blocked;
	int good = 0, status;

	good += getpid() == atoi(arguments[2]) && getppid() == atoi(arguments[3]);
	good += getenv("ONLY") && !getenv("PATH");
	good += read(7, text, 4) == 4 && strcmp(text, "efgh") == 0 && lseek(8, 0, SEEK_CUR) == 8;
	good += fcntl(9, F_GETFD) == -1 && errno == EBADF;
	sigaction(SIGUSR1, nullptr, &action);
	good += action.sa_handler == SIG_IGN;
	sigaction(SIGUSR2, nullptr, &action);
	good += action.sa_handler == SIG_DFL;
	good += sigprocmask(SIG_BLOCK, nullptr, &blocked) == 0 && sigismember(&blocked, SIGHUP);
	good += waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 33;
	good += waitpid(-1, &status, 0) == -1 && errno == ECHILD;
	return good;
}

static void nothing(int signal)
{
	(void)signal;
}

/* In a child. */
static void take_the_place(void)
{
	char own[16], parent[16], child[16];
	sigset_t blocked;
	pid_t pid;
	int fd = open("/exec", O_RDWR | O_CREAT | O_TRUNC, 0644), other;

	write(fd, "abcdefgh", 8);
	lseek(fd, 4, SEEK_SET);
	dup2(fd, 7);
	dup2(fd, 8);
	other = fcntl(fd, F_DUPFD_CLOEXEC, 9);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, nothing);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, nullptr);
	pid = fork();
	if (pid == 0)
		_exit(33);
	alarm(1000); /* in flight, as is waiting for children */
	signal(SIGCHLD, nothing);
	snprintf(own, sizeof(own), "%d", getpid());
	snprintf(parent, sizeof(parent), "%d", getppid());
	snprintf(child, sizeof(child), "%d", pid);
	if (execl("/bin/nobody", "nobody", nullptr) == -1 && errno == ENOENT && other == 9)
		execve("/bin/test-ports", (char *[]){"test-ports", "after exec", own, parent, child, nullptr},
		       (char *[]){"ONLY=1", nullptr});
}

void test_exec(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		take_the_place();
		_exit(100);
	}
	tap_ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9,
	       "exec keeps numbers, descriptors and their positions, children, what is ignored and blocked");
	pid = fork();
	if (pid == 0) {
		execl("/bin/dash", "dash", "-c", "exec sleep 1000", nullptr);
		_exit(100);
	}
	tap_ok(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
	       "what took another's place is killed as that would have been");
	tap_ok(run(nullptr,
		   (char *[]){"sh", "-c", "echo $$; exec sh -c 'exec sh -c \"echo \\$\\$\"'", nullptr}) == 0,
	       "a program that replaces itself again and again");
	expect_twice("keeps its number");
}
