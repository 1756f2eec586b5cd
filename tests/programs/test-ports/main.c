// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Ported programs, each started by posix_spawn with a file for its output, and what they have written; and processes as a C program sees
 * them.
 */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

extern char **environ;

static int number;

void tap_ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
}

int run(const char *input, char *const arguments[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = -1, error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/output", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (input)
		posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0);
	error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		printf("# %s: %s\n", arguments[0], strerror(error));
		return -1;
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char output[8192];

static void read_output(void)
{
	int fd = open("/output", O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, output, sizeof(output) - 1);

	close(fd);
	output[got < 0 ? 0 : got] = '\0';
}

void expect_twice(const char *what)
{
	size_t length;

	read_output();
	length = strcspn(output, "\n") + 1;
	tap_ok(length > 1 && strncmp(output, output + length, length) == 0, what);
}

void expect(const char *text, const char *what)
{
	bool good;

	read_output();
	good = strstr(output, text) != nullptr;
	tap_ok(good, what);
	if (!good)
		for (char *line = strtok(output, "\n"); line; line = strtok(nullptr, "\n"))
			printf("# %s\n", line);
}

static void test_processes(void)
{
	int ends[2], status;
	char bytes[32] = "";
	pid_t pid;
	ssize_t got;

	tap_ok(pipe(ends) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		dup2(ends[1], 1);
		close(ends[1]);
		execl("/bin/lua", "lua", "-e", "io.write('hello via pipe')", (char *)nullptr);
		_exit(127);
	}
	tap_ok(pid > 0, "fork");
	close(ends[1]);
	got = 0;
	for (ssize_t n; (n = read(ends[0], bytes + got, sizeof(bytes) - 1 - (size_t)got)) > 0;)
		got += n;
	tap_ok(got == 14 && strcmp(bytes, "hello via pipe") == 0,
	       "fork and exec: 14 bytes through a pipe, then its end");
	close(ends[0]);
	tap_ok(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0, "waitpid");
	tap_ok(waitpid(pid, &status, 0) == -1 && errno == ECHILD, "waits once");
	tap_ok(waitpid(getpid(), &status, 0) == -1 && errno == ECHILD, "and for nobody else's");
	pid = fork();
	if (pid == 0)
		_exit(getppid() > 1 && getpid() != getppid() ? 3 : 4);
	tap_ok(waitpid(-1, &status, 0) == pid && WEXITSTATUS(status) == 3,
	       "parent and child have numbers of their own");
	pid = fork();
	if (pid == 0)
		for (;;)
			sched_yield();
	tap_ok(waitpid(pid, &status, WNOHANG) == 0, "WNOHANG");
	tap_ok(kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		       WTERMSIG(status) == SIGTERM,
	       "kill of a child");
	signal(SIGPIPE, SIG_IGN);
	pipe(ends);
	close(ends[0]);
	tap_ok(write(ends[1], "x", 1) == -1 && errno == EPIPE, "a pipe without a reader is broken");
	close(ends[1]);
	signal(SIGPIPE, SIG_DFL); /* what is started from here on would inherit it */
	tap_ok(posix_spawn(&pid, "/bin/nobody", nullptr, nullptr, (char *[]){"nobody", nullptr}, environ) ==
		       ENOENT,
	       "a program that is not there is no child");
}

static void test_programs(void)
{
	tap_ok(run(nullptr, (char *[]){"lua", "/hello.lua", nullptr}) == 0, "lua");
	expect("hello from Lua Lua 5.4\nsum\t333833500\t1.414\ndenied\tnil\n",
	       "reads and writes files, computes");
	tap_ok(run(nullptr, (char *[]){"lua", "-e", "error('x')", nullptr}) == 1,
	       "its errors are its exit status");
	tap_ok(run(nullptr, (char *[]){"mujs", "/hello.js", nullptr}) == 0, "mujs");
	expect("FOX BROWN QUICK THE\n{\"a\":[1,2,3],\"b\":\"yy\"}", "splits, maps, matches");
	tap_ok(run("/hello.lua", (char *[]){"minigzip", nullptr}) == 0 && rename("/output", "/packed") == 0 &&
		       run("/packed", (char *[]){"minigzip", "-d", nullptr}) == 0,
	       "minigzip, there and back");
	expect("-- What Lua can do here", "gives what went in");
	tap_ok(run("/hello.sql", (char *[]){"sqlite3", "/test.db", nullptr}) == 0, "sqlite3");
	expect("one-three-two\n3|6|real|3.40.1\n", "selects");
	tap_ok(run(nullptr, (char *[]){"sqlite3", "/test.db",
				       "select count(*) from t; pragma integrity_check", nullptr}) == 0,
	       "again");
	expect("3\nok\n", "finds what it has written");
}

/* Lua's module cap. */
static void test_lua_cap(void)
{
	int fd = open("/helper.lua", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	const char *module = "return { answer = 42 }\n";

	write(fd, module, strlen(module));
	close(fd);
	tap_ok(run(nullptr,
		   (char *[]){
			   "lua", "-e",
			   "local t = cap.get('timer'); local a = t:now(); t:sleep(2000000); "
			   "print(t:now() - a >= 2000000, cap.interface(t)) "
			   "for _, g in ipairs(cap.list()) do if g.name == 'timer' then print(g.interface) end end "
			   "print(table.concat(cap.methods(t), ' '):match('sleep %b()'))",
			   nullptr}) == 0,
	       "lua calls capabilities by their types");
	expect("true\tTimer\nTimer\nsleep (ns :UInt64)\n", "what was granted, what it is, what it can");
	tap_ok(run(nullptr,
		   (char *[]){
			   "lua", "-e",
			   "local d = cap.get('root'); local r = d:create('cap.txt', 'none') "
			   "print(r.outcome, r.file:write(0, 'typed\\0bytes')) "
			   "local f <close> = d:open{path = 'helper.lua'}.file "
			   "print(f:read(0, 6).bytes, f:stat().stat.kind, f:stat().stat.size) "
			   "print(#d:list('', '', 3).entries, d:list{path = '', max = 1}.entries[1].stat.kind ~= nil)",
			   nullptr}) == 0,
	       "structs, lists, enums, data and capabilities come and go");
	expect("done\tdone\nreturn\tfile\t23\n3\ttrue\n", "as tables, names, strings and userdata");
	tap_ok(run(nullptr,
		   (char *[]){
			   "lua", "-e",
			   "local t = cap.get('timer') "
			   "local function try(...) local ok, e = pcall(...); print(ok, e.kind, tostring(e)) end "
			   "try(cap.get, 'network') try(t.sleep, t, 'soon') try(t.fly, t) "
			   "local vm = cap.get('virtualMemory') try(vm.createMemory, vm, 0) "
			   "local m = vm:createMemory(4096) print(m:size()) cap.release(m) try(m.size, m)",
			   nullptr}) == 0,
	       "what fails is an error with a kind");
	expect("false\tNOT_GRANTED\tNOT_GRANTED: nothing was granted as network\nfalse\tvalue\t",
	       "of what was not granted");
	expect("false\tunimplemented\tunimplemented: there is no method fly\nfalse\tinvalidArgument\tinvalidArgument (bytes): ",
	       "of what the object says, with the parameter at fault");
	expect("4096\nfalse\tBAD_ID\tBAD_ID: this capability was released", "and of what was given up");
	tap_ok(run(nullptr, (char *[]){"lua", "-e", "print(require('helper').answer)", nullptr}) == 0,
	       "require finds modules in the working directory");
	expect("42\n", "and gives what they return");
	unlink("/helper.lua");
}

static void test_shell(void)
{
	tap_ok(run(nullptr, (char *[]){"dash", "/hello.sh", "first", nullptr}) == 0, "dash");
	expect("arguments: 1 first\n3 2 1 \nread one\nread two\n", "arguments, loops, redirection");
	expect("glob /hello.lua\nglob /hello.js\n", "globbing");
	expect("here: inner via pipe\nstatus 7\n", "here documents, substitution, subshells");
	expect("got: lua from dash\nanswer 42\nfunction arg\ncase\ndone\n",
	       "pipelines of programs, functions");
	tap_ok(run(nullptr, (char *[]){"sh", "-c", "exit 5", nullptr}) == 5, "exit status");
	tap_ok(system("exit 3") == 3 << 8, "system");
}

/* Each command of toybox as a person types it, and what must come out. */
static const struct {
	const char *line, *expected;
} commands[] = {
	{"printf 'b\\na\\nc\\n' >f; cat f", "b\na\nc\n"},
	{"ls -1 f /hello.lua", "/hello.lua\nf\n"},
	{"ls -l f", "-rwxr-xr-x 1 user user 6 "},
	{"grep -n a f; grep -c . f; grep -q x f || echo none", "2:a\n3\nnone\n"},
	{"sed -e s/a/X/ -e 1d f", "X\nc\n"},
	{"sort -r f | uniq -c | sed 's/ *//'", "1 c\n1 b\n1 a\n"},
	{"mkdir -p d/e; touch d/e/z; find d -name z -type f; find d -type d", "d/e/z\nd\nd/e\n"},
	{"tar cf t.tar f d; rm -r f d; tar xf t.tar; cat f; ls d/e", "b\na\nc\nz\n"},
	{"printf 'b\\nA\\nc\\n' >g; diff f g; echo $?", " b\n-a\n+A\n c\n1\n"},
	{"printf 'b\\nA\\nc\\n' >g; diff -u f g >p; patch f p; cmp f g; echo $?", "patching f\n0\n"},
	{"cmp -s f missing; echo $?; cmp -s missing f; echo $?; cmp -s nor nor; echo $?; cmp f missing 2>&1; cmp -s f f; echo $?; cmp -s f /hello.lua; echo $?",
	 "2\n2\n2\ncmp: missing: No such file or directory\n0\n1\n"},
	{"cp g h; mv h i; ls h; rm i; test -e i; echo $?", "ls: h: No such file or directory\n1\n"},
	{"mkdir -p w/x; cd w/x; pwd; touch here; ls; cd ..; ls; sh -c 'ls x; cd x; pwd; ls'; cd /w/x; ls; sh -c 'cd ../..; ls w'",
	 "/w/x\nhere\nx\nhere\n/w/x\nhere\nhere\nx\n"},
	{"rmdir d; echo $?", "rmdir: d: Directory not empty\n1\n"},
	{"seq 3 | xargs echo; seq 5 | head -n 2 | tail -n 1", "1 2 3\n2\n"},
	{"seq 3 | tee s | wc -l; seq 3 | tac | paste -s -d, -; seq 3 | nl | cut -f 2", "3\n3,2,1\n1\n2\n3\n"},
	{"echo abc | tr a-c A-C; echo abc | rev; echo abc | od -An -tx1; echo abc | xxd -p",
	 "ABC\ncba\n 61 62 63 0a\n6162630a\n"},
	{"printf abc | md5sum; printf abc | sha1sum",
	 "900150983cd24fb0d6963f7d28e17f72  -\na9993e364706816aba3e25717850c26c9cd0d89d  -\n"},
	{"basename /a/b.c .c; dirname /a/b; expr 6 '*' 7; stat -c %s g; realpath d/../g; uname",
	 "b\n/a\n42\n6\n/g\ncapOS\n"},
	{"awk '{ n[$1]++ } END { for (i in n) s += n[i]; print s, substr(\"capOS\", 1, 3), 2 ^ 10 }' f",
	 "3 cap 1024\n"},
	{"printf 'a:1\\nb:22\\n' | awk -F: '$2 > 9 { printf \"%s=%05.1f\\n\", $1, $2 / 3 }'; awk 'BEGIN { print toupper(\"x\") | \"cat\"; "
	 "close(\"cat\"); \"echo from a pipe\" | getline l; print l; exit 3 }'; echo $?",
	 "b=007.3\nX\nfrom a pipe\n3\n"},
	/* Where one is, through a program that does not look. */
	{"mkdir -p dd/ee; echo 'cat f2' >dd/ee/s; echo found >dd/ee/f2; cd dd/ee; env dash ./s; timeout 5 dash ./s; cd /; rm -r dd",
	 "found\nfound\n"},
	/* As deep as elsewhere, and no deeper. */
	{"awk 'function f(n) { return n ? 1 + f(n-1) : 0 } BEGIN { print f(3000) }'; dash -c 'f() { [ $1 = 0 ] || f $(($1-1)); }; f 990; echo $?'; "
	 "lua -e 'function f(n) return n == 0 and \"x\" or ((\"a\"):gsub(\"a\", function() return f(n-1) end)) end print(#f(60), (pcall(f, 1000)))'",
	 "3000\n0\n1\tfalse\n"},
	{"id; whoami; groups; ls -l f | cut -d' ' -f 3,4", "uid=1000(user) gid=1000(user)"},
	{"echo abc | base64; echo YWJjCg== | base64 -d; printf abc | sha256sum | cut -c 1-8; printf abc | cksum",
	 "YWJjCg==\nabc\nba7816bf\n1219131554 3\n"},
	{"dd if=f bs=2 count=1 2>/dev/null; true && ! false && echo so; truncate -s 3 f; wc -c f; timeout 5 echo in time; printenv PATH",
	 "b\nso\n3 f\nin time\n/bin\n"},
	{"seq 3 | more; less f", "1\n2\n3\n"},
	{"env A=1 printf '%03d\\n' 7; yes | head -n 1; split -l 1 g; cat xab; comm -12 g g",
	 "007\ny\nA\nb\nA\nc\n"},
};

static void test_commands(void)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		run(nullptr, (char *[]){"dash", "-c", (char *)(uintptr_t)commands[i].line, nullptr});
		expect(commands[i].expected, commands[i].line);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return after_exec(argv);
	setvbuf(stdout, nullptr, _IOLBF, 0);
	setenv("PATH", "/bin", 1);
	test_processes();
	test_exec();
	test_programs();
	test_lua_cap();
	test_shell();
	test_commands();
	printf("1..%d\n", number);
	return 0;
}
