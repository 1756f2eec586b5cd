# SPDX-License-Identifier: MIT OR Apache-2.0
# Those of musl's 1300 files that programs of this tree link. The others are compiled for the SDK only. A link that fails for want of one
# says so; `make musl-files` writes this list anew, from what the linker takes of the whole library.
PORT_LINKED_musl := \
	src/conf/fpathconf.c src/conf/pathconf.c src/conf/sysconf.c src/ctype/__ctype_get_mb_cur_max.c src/ctype/isalnum.c \
	src/ctype/isalpha.c src/ctype/isblank.c src/ctype/iscntrl.c src/ctype/isdigit.c src/ctype/isgraph.c src/ctype/islower.c \
	src/ctype/isprint.c src/ctype/ispunct.c src/ctype/isspace.c src/ctype/isupper.c src/ctype/iswalnum.c src/ctype/iswalpha.c \
	src/ctype/iswblank.c src/ctype/iswcntrl.c src/ctype/iswctype.c src/ctype/iswgraph.c src/ctype/iswlower.c \
	src/ctype/iswprint.c src/ctype/iswpunct.c src/ctype/iswspace.c src/ctype/iswupper.c src/ctype/iswxdigit.c \
	src/ctype/isxdigit.c src/ctype/tolower.c src/ctype/toupper.c src/ctype/towctrans.c src/ctype/wcwidth.c \
	src/dirent/alphasort.c src/dirent/closedir.c src/dirent/fdopendir.c src/dirent/opendir.c src/dirent/readdir.c \
	src/dirent/rewinddir.c src/dirent/scandir.c src/env/__environ.c src/env/__init_tls.c src/env/__libc_start_main.c \
	src/env/getenv.c src/env/putenv.c src/env/setenv.c src/env/unsetenv.c src/errno/__errno_location.c src/errno/strerror.c \
	src/exit/_Exit.c src/exit/abort.c src/exit/abort_lock.c src/exit/assert.c src/exit/exit.c src/fcntl/fcntl.c \
	src/fcntl/openat.c src/internal/defsysinfo.c src/internal/floatscan.c src/internal/intscan.c src/internal/libc.c \
	src/internal/procfdname.c src/internal/shgetc.c src/internal/syscall_ret.c src/linux/chroot.c src/linux/getrandom.c \
	src/linux/inotify.c src/linux/personality.c src/linux/setgroups.c src/linux/settimeofday.c src/linux/sysinfo.c \
	src/linux/utimes.c src/linux/wait3.c src/linux/wait4.c src/linux/xattr.c src/locale/__lctrans.c src/locale/__mo_lookup.c \
	src/locale/c_locale.c src/locale/langinfo.c src/locale/locale_map.c src/locale/localeconv.c src/locale/newlocale.c \
	src/locale/setlocale.c src/locale/strcoll.c src/locale/uselocale.c src/malloc/calloc.c src/malloc/free.c \
	src/malloc/lite_malloc.c src/malloc/mallocng/free.c src/malloc/mallocng/malloc.c src/malloc/mallocng/realloc.c \
	src/malloc/realloc.c src/malloc/replaced.c src/math/__cos.c src/math/__fpclassifyl.c src/math/__math_divzero.c \
	src/math/__math_invalid.c src/math/__math_oflow.c src/math/__math_uflow.c src/math/__math_xflow.c src/math/__rem_pio2.c \
	src/math/__rem_pio2_large.c src/math/__signbitl.c src/math/__sin.c src/math/__tan.c src/math/acos.c src/math/asin.c \
	src/math/atan.c src/math/atan2.c src/math/ceil.c src/math/cos.c src/math/exp.c src/math/exp_data.c src/math/floor.c \
	src/math/fmod.c src/math/frexp.c src/math/frexpl.c src/math/ldexp.c src/math/log.c src/math/log10.c src/math/log2.c \
	src/math/log2_data.c src/math/log_data.c src/math/modf.c src/math/pow.c src/math/pow_data.c src/math/scalbn.c \
	src/math/scalbnl.c src/math/sin.c src/math/tan.c src/math/x86_64/fmodl.c src/misc/basename.c src/misc/dirname.c \
	src/misc/getentropy.c src/misc/getrlimit.c src/misc/getrusage.c src/misc/initgroups.c src/misc/ioctl.c src/misc/mntent.c \
	src/misc/setrlimit.c src/misc/syscall.c src/misc/syslog.c src/misc/uname.c src/mman/madvise.c src/mman/mmap.c \
	src/mman/mprotect.c src/mman/mremap.c src/mman/msync.c src/mman/munmap.c src/multibyte/internal.c src/multibyte/mblen.c \
	src/multibyte/mbrtowc.c src/multibyte/mbsinit.c src/multibyte/mbsrtowcs.c src/multibyte/mbstowcs.c src/multibyte/mbtowc.c \
	src/multibyte/wcrtomb.c src/multibyte/wctomb.c src/network/bind.c src/network/connect.c src/network/dn_expand.c \
	src/network/dns_parse.c src/network/freeaddrinfo.c src/network/gai_strerror.c src/network/getaddrinfo.c \
	src/network/getsockname.c src/network/htons.c src/network/if_nametoindex.c src/network/inet_aton.c \
	src/network/inet_ntop.c src/network/inet_pton.c src/network/lookup_ipliteral.c src/network/lookup_name.c \
	src/network/lookup_serv.c src/network/recvfrom.c src/network/res_mkquery.c src/network/res_msend.c \
	src/network/resolvconf.c src/network/send.c src/network/sendmsg.c src/network/sendto.c src/network/setsockopt.c \
	src/network/shutdown.c src/network/socket.c src/passwd/getgr_r.c src/passwd/getgrent.c src/passwd/getgrent_a.c \
	src/passwd/getgrouplist.c src/passwd/getpw_r.c src/passwd/getpwent.c src/passwd/getpwent_a.c src/passwd/nscd_query.c \
	src/prng/random.c src/process/_Fork.c src/process/execl.c src/process/execv.c src/process/execve.c src/process/execvp.c \
	src/process/fork.c src/process/posix_spawn_file_actions_addclose.c src/process/posix_spawn_file_actions_adddup2.c \
	src/process/posix_spawn_file_actions_addopen.c src/process/posix_spawn_file_actions_destroy.c \
	src/process/posix_spawn_file_actions_init.c src/process/posix_spawnattr_destroy.c src/process/posix_spawnattr_init.c \
	src/process/posix_spawnattr_setflags.c src/process/posix_spawnattr_setsigdefault.c src/process/posix_spawnattr_setsigmask.c \
	src/process/posix_spawnp.c src/process/system.c src/process/wait.c src/process/waitpid.c src/regex/fnmatch.c \
	src/regex/regcomp.c src/regex/regerror.c src/regex/regexec.c src/regex/tre-mem.c src/sched/sched_yield.c src/select/poll.c \
	src/select/select.c src/setjmp/x86_64/longjmp.s src/setjmp/x86_64/setjmp.s src/signal/block.c src/signal/kill.c \
	src/signal/raise.c src/signal/setitimer.c src/signal/sigaction.c src/signal/sigaddset.c src/signal/sigemptyset.c \
	src/signal/sigfillset.c src/signal/sigismember.c src/signal/siglongjmp.c src/signal/signal.c src/signal/sigpending.c \
	src/signal/sigprocmask.c src/signal/sigrtmax.c src/signal/sigrtmin.c src/signal/sigsetjmp_tail.c src/signal/sigsuspend.c \
	src/signal/sigtimedwait.c src/signal/sigwait.c src/signal/x86_64/sigsetjmp.s src/stat/chmod.c src/stat/fchmod.c \
	src/stat/fchmodat.c src/stat/fstat.c src/stat/fstatat.c src/stat/futimens.c src/stat/futimesat.c src/stat/lstat.c \
	src/stat/mkdir.c src/stat/mkdirat.c src/stat/mknod.c src/stat/mknodat.c src/stat/stat.c src/stat/statvfs.c \
	src/stat/umask.c src/stat/utimensat.c src/stdio/__fclose_ca.c src/stdio/__fdopen.c src/stdio/__fmodeflags.c \
	src/stdio/__fopen_rb_ca.c src/stdio/__lockfile.c src/stdio/__overflow.c src/stdio/__stdio_close.c src/stdio/__stdio_exit.c \
	src/stdio/__stdio_read.c src/stdio/__stdio_seek.c src/stdio/__stdio_write.c src/stdio/__stdout_write.c \
	src/stdio/__toread.c src/stdio/__towrite.c src/stdio/__uflow.c src/stdio/clearerr.c src/stdio/dprintf.c \
	src/stdio/fclose.c src/stdio/feof.c src/stdio/ferror.c src/stdio/fflush.c src/stdio/fgetc.c src/stdio/fgets.c \
	src/stdio/fileno.c src/stdio/flockfile.c src/stdio/fopen.c src/stdio/fprintf.c src/stdio/fputc.c src/stdio/fputs.c \
	src/stdio/fread.c src/stdio/freopen.c src/stdio/fscanf.c src/stdio/fseek.c src/stdio/ftell.c src/stdio/ftrylockfile.c \
	src/stdio/funlockfile.c src/stdio/fwrite.c src/stdio/getc.c src/stdio/getc_unlocked.c src/stdio/getdelim.c \
	src/stdio/getline.c src/stdio/ofl.c src/stdio/ofl_add.c src/stdio/pclose.c src/stdio/perror.c src/stdio/popen.c \
	src/stdio/printf.c src/stdio/putc.c src/stdio/putchar.c src/stdio/puts.c src/stdio/remove.c src/stdio/rename.c \
	src/stdio/rewind.c src/stdio/setbuf.c src/stdio/setvbuf.c src/stdio/snprintf.c src/stdio/sprintf.c src/stdio/sscanf.c \
	src/stdio/stderr.c src/stdio/stdin.c src/stdio/stdout.c src/stdio/tmpfile.c src/stdio/ungetc.c src/stdio/vdprintf.c \
	src/stdio/vfprintf.c src/stdio/vfscanf.c src/stdio/vprintf.c src/stdio/vsnprintf.c src/stdio/vsprintf.c src/stdio/vsscanf.c \
	src/stdlib/atof.c src/stdlib/atoi.c src/stdlib/atoll.c src/stdlib/bsearch.c src/stdlib/qsort.c src/stdlib/qsort_nr.c \
	src/stdlib/strtod.c src/stdlib/strtol.c src/string/bcmp.c src/string/memchr.c src/string/memcmp.c src/string/memrchr.c \
	src/string/stpcpy.c src/string/stpncpy.c src/string/strcasecmp.c src/string/strcat.c src/string/strchr.c \
	src/string/strchrnul.c src/string/strcmp.c src/string/strcpy.c src/string/strcspn.c src/string/strdup.c \
	src/string/strlen.c src/string/strncasecmp.c src/string/strncmp.c src/string/strncpy.c src/string/strndup.c \
	src/string/strnlen.c src/string/strpbrk.c src/string/strrchr.c src/string/strsignal.c src/string/strspn.c \
	src/string/strstr.c src/string/strtok.c src/string/wcschr.c src/string/wcslen.c src/string/x86_64/memcpy.s \
	src/string/x86_64/memmove.s src/string/x86_64/memset.s src/temp/__randname.c src/temp/mkdtemp.c src/temp/mkostemps.c \
	src/temp/mkstemp.c src/termios/cfmakeraw.c src/termios/cfsetospeed.c src/termios/tcgetattr.c src/termios/tcsetattr.c \
	src/thread/__lock.c src/thread/__timedwait.c src/thread/__wait.c src/thread/default_attr.c src/thread/lock_ptc.c \
	src/thread/pthread_attr_init.c src/thread/pthread_attr_setdetachstate.c src/thread/pthread_cleanup_push.c \
	src/thread/pthread_cond_broadcast.c src/thread/pthread_cond_timedwait.c src/thread/pthread_cond_wait.c \
	src/thread/pthread_create.c src/thread/pthread_join.c src/thread/pthread_key_create.c src/thread/pthread_mutex_lock.c \
	src/thread/pthread_mutex_timedlock.c src/thread/pthread_mutex_trylock.c src/thread/pthread_mutex_unlock.c \
	src/thread/pthread_once.c src/thread/pthread_rwlock_rdlock.c src/thread/pthread_rwlock_timedrdlock.c \
	src/thread/pthread_rwlock_timedwrlock.c src/thread/pthread_rwlock_tryrdlock.c src/thread/pthread_rwlock_trywrlock.c \
	src/thread/pthread_rwlock_unlock.c src/thread/pthread_rwlock_wrlock.c src/thread/pthread_self.c src/thread/pthread_setcancelstate.c \
	src/thread/pthread_setspecific.c src/thread/pthread_sigmask.c src/thread/pthread_testcancel.c src/thread/sem_destroy.c \
	src/thread/sem_init.c src/thread/sem_post.c src/thread/sem_timedwait.c src/thread/sem_trywait.c src/thread/sem_wait.c \
	src/thread/synccall.c src/thread/vmlock.c src/time/__map_file.c src/time/__month_to_secs.c src/time/__secs_to_tm.c \
	src/time/__tm_to_secs.c src/time/__tz.c src/time/__year_to_secs.c src/time/clock.c src/time/clock_gettime.c \
	src/time/clock_nanosleep.c src/time/clock_settime.c src/time/difftime.c src/time/gettimeofday.c src/time/gmtime.c \
	src/time/gmtime_r.c src/time/localtime.c src/time/localtime_r.c src/time/mktime.c src/time/nanosleep.c src/time/strftime.c \
	src/time/strptime.c src/time/time.c src/time/times.c src/unistd/_exit.c src/unistd/access.c src/unistd/alarm.c \
	src/unistd/chdir.c src/unistd/dup.c src/unistd/dup2.c src/unistd/dup3.c src/unistd/faccessat.c \
	src/unistd/fchdir.c src/unistd/fchown.c src/unistd/fchownat.c src/unistd/fsync.c src/unistd/ftruncate.c \
	src/unistd/getcwd.c src/unistd/getegid.c src/unistd/geteuid.c src/unistd/getgid.c src/unistd/getgroups.c src/unistd/getpid.c \
	src/unistd/getppid.c src/unistd/getuid.c src/unistd/isatty.c src/unistd/lchown.c src/unistd/link.c src/unistd/linkat.c \
	src/unistd/lseek.c src/unistd/pause.c src/unistd/pipe.c src/unistd/pipe2.c src/unistd/pread.c src/unistd/pwrite.c \
	src/unistd/read.c src/unistd/readlink.c src/unistd/readlinkat.c src/unistd/readv.c src/unistd/rmdir.c src/unistd/setgid.c \
	src/unistd/setpgid.c src/unistd/setsid.c src/unistd/setuid.c src/unistd/setxid.c src/unistd/sleep.c src/unistd/symlink.c \
	src/unistd/symlinkat.c src/unistd/ttyname.c src/unistd/ttyname_r.c src/unistd/unlink.c src/unistd/unlinkat.c \
	src/unistd/write.c
