# SPDX-License-Identifier: MIT OR Apache-2.0
# musl: the C library of ported programs. Its own system-call layer and the start of programs are lib/posix's: internal/ says what each
# call becomes, and what contained the machine's instruction is left out.
PORT_PACKAGE_musl  := musl
PORT_VERSION_musl  := 1.2.3-1
PORT_SHA256_musl   := 7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4
PORT_LICENCE_musl  := MIT
PORT_SIDES_musl    := libc
PORT_GLOBS_musl    := src/*/*.c src/malloc/mallocng/*.c src/*/x86_64/*.[csS]
PORT_WITHOUT_musl  := src/ipc/% src/mq/% src/aio/% $(addprefix src/,thread/__set_thread_area.c thread/x86_64/__set_thread_area.s \
	thread/__unmapself.c thread/x86_64/__unmapself.s thread/clone.c thread/x86_64/clone.s thread/x86_64/syscall_cp.s \
	thread/pthread_cancel.c thread/__syscall_cp.c process/vfork.c process/x86_64/vfork.s process/posix_spawn.c \
	signal/restore.c signal/x86_64/restore.s passwd/getpw_a.c passwd/getgr_a.c unistd/getlogin.c \
	fcntl/open.c unistd/close.c math/fma.c math/fmaf.c ldso/dlsym.c ldso/x86_64/dlsym.s)
PORT_SMALL_musl    := src/stdio/vfprintf.c
PORT_PREPARE_musl  := ports/musl/prepare
PORT_INCLUDES_musl := include obj/include arch/x86_64 arch/generic
PORT_CFLAGS_musl   := -std=c99 -D_XOPEN_SOURCE=700 -Iports/musl/internal -Ilib/posix/include \
	$(addprefix -I$(OUT)/ports/musl/,arch/x86_64 arch/generic obj/src/internal src/include src/internal)
include ports/musl/files.mk
