# SPDX-License-Identifier: MIT OR Apache-2.0
# dash: the POSIX shell, without line editing (the terminal has its own) and job control. Its one generator under the GPL (signal names) is not
# used; signames.c is ours.
PORT_PACKAGE_dash  := dash
PORT_VERSION_dash  := 0.5.12-2
PORT_SHA256_dash   := 6a474ac46e8b0b32916c4c60df694c82058d3297d8b385b74508030ca4a8f28a
PORT_LICENCE_dash  := BSD-3-Clause
PORT_SIDES_dash    := libc
PORT_PREPARE_dash  := ports/dash/prepare
PORT_INCLUDES_dash := src
PORT_CFLAGS_dash   := -include ports/dash/config.h -DBSD=1 -DSHELL -D_GNU_SOURCE
PORT_PROGRAMS_dash := dash
PORT_MAIN_dash     := $(addprefix src/,alias.c arith_yacc.c arith_yylex.c cd.c error.c eval.c exec.c expand.c histedit.c input.c jobs.c \
	mail.c main.c memalloc.c miscbltin.c mystring.c options.c parser.c redir.c show.c trap.c output.c bltin/printf.c system.c \
	bltin/test.c bltin/times.c var.c builtins.c init.c nodes.c syntax.c)
