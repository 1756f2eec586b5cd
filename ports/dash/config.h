// SPDX-License-Identifier: MIT OR Apache-2.0
/* What dash's configure would find out about musl. */
#pragma once

#define HAVE_ALIAS_ATTRIBUTE 1
#define HAVE_ALLOCA_H 1
#define HAVE_BSEARCH 1
#define HAVE_DECL_ISBLANK 1
#define HAVE_FACCESSAT 1
#define HAVE_GETRLIMIT 1
#define HAVE_ISALPHA 1
#define HAVE_KILLPG 1
#define HAVE_MEMPCPY 1
#define HAVE_PATHS_H 1
#define HAVE_STPCPY 1
#define HAVE_STRCHRNUL 1
#define HAVE_STRSIGNAL 1
#define HAVE_STRTOD 1
#define HAVE_STRTOIMAX 1
#define HAVE_STRTOUMAX 1
#define HAVE_SYSCONF 1
#define HAVE_ST_MTIM 1
#define SIZEOF_INTMAX_T 8
#define SIZEOF_LONG_LONG_INT 8
#define PRIdMAX "ld"
#define SMALL 1
#define JOBS 0
#define WITH_LINENO 1
#define open64 open
#define stat64 stat
#define fstat64 fstat
#define lstat64 lstat
#define readdir64 readdir
#define dirent64 dirent
