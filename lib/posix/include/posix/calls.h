// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The calls that a C library makes of the system underneath it, as functions: sys_X does what Linux's call X does, takes
 * its arguments as six words, and returns its result or a negative errno value.
 *
 * One list, from which follow: musl's system-call header (ports/musl/internal/syscall_arch.h), so that a program carries the
 * functions that it can reach and no others; and posix_call, for numbers that are known only at run time.
 * What is not in the list fails with ENOSYS.
 */
#pragma once

// clang-format off
#define POSIX_CALLS(X) \
	/* descriptors */ \
	X(read) X(write) X(readv) X(writev) X(pread64) X(pwrite64) X(preadv) X(pwritev) X(lseek) X(close) \
	X(dup) X(dup2) X(dup3) X(fcntl) X(ioctl) X(fsync) X(fdatasync) X(ftruncate) X(sendfile) \
	X(poll) X(ppoll) X(select) X(pselect6) X(flock) X(sync) \
	/* sockets */ \
	X(socket) X(socketpair) X(connect) X(bind) X(listen) X(accept) X(accept4) X(shutdown) X(getsockname) X(getpeername) \
	X(setsockopt) X(getsockopt) X(sendto) X(recvfrom) X(sendmsg) X(recvmsg) \
	/* names */ \
	X(open) X(openat) X(creat) X(stat) X(lstat) X(fstat) X(newfstatat) X(access) X(faccessat) X(mkdir) X(mkdirat) \
	X(unlink) X(unlinkat) X(rmdir) X(rename) X(renameat) X(renameat2) X(truncate) X(readlink) X(readlinkat) \
	X(chmod) X(fchmod) X(fchmodat) X(utimensat) X(umask) X(getdents64) X(chdir) X(fchdir) X(getcwd) \
	X(link) X(linkat) X(symlink) X(symlinkat) X(chown) X(fchown) X(lchown) X(fchownat) X(statfs) X(fstatfs) \
	/* memory */ \
	X(mmap) X(munmap) X(mprotect) X(mremap) X(madvise) X(brk) X(msync) \
	/* threads and ends */ \
	X(exit) X(exit_group) X(set_tid_address) X(gettid) X(futex) X(sched_yield) X(set_robust_list) \
	X(rt_sigprocmask) X(rt_sigaction) X(rt_sigpending) X(tkill) X(tgkill) X(kill) \
	X(rt_sigsuspend) X(rt_sigtimedwait) X(pause) X(sigaltstack) X(setitimer) X(getitimer) \
	X(fork) X(execve) X(wait4) X(pipe) X(pipe2) \
	/* identity */ \
	X(getpid) X(getppid) X(getuid) X(geteuid) X(getgid) X(getegid) X(getgroups) \
	X(setuid) X(setgid) X(setpgid) X(getpgid) X(setsid) X(getsid) \
	/* time and the machine */ \
	X(clock_gettime) X(clock_getres) X(clock_nanosleep) X(nanosleep) X(gettimeofday) X(times) X(getrandom) \
	X(uname) X(prlimit64) X(getrlimit) X(getrusage)
// clang-format on

#define POSIX_HIDDEN __attribute__((visibility("hidden")))
#define POSIX_DECLARE(name) POSIX_HIDDEN long sys_##name(long a, long b, long c, long d, long e, long f);
POSIX_CALLS(POSIX_DECLARE)
#undef POSIX_DECLARE

/* Any of them, by Linux's number. */
POSIX_HIDDEN long posix_call(long n, long a, long b, long c, long d, long e, long f);
/* A number that is not in the list: -ENOSYS. */
POSIX_HIDDEN long posix_unknown(long n);
